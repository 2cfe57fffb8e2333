import { join } from "node:path";
import { Writable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { compose } from "../change/comment/compose.ts";
import type { Context } from "../context.ts";
import { connect, type Github } from "../github/client.ts";
import { neonApi } from "../providers/neon-api.ts";
import type { Listening } from "../rehearsal/clouds/base/serve.ts";
import { type TestWorld, TOKEN, testWorld } from "../rehearsal/clouds/github/test-world.ts";
import { startNeon } from "../rehearsal/clouds/neon/start.ts";
import { createReporter } from "../terminal/reporter.ts";
import { databaseForPull, removePullDatabase } from "./pull-database.ts";

// The rehearsed GitHub with real pull requests and labels, the rehearsed Neon with a key that is limited to one project. One story.

const OWNERS_KEY = "neon-key-of-the-owner";
const PROJECT = { name: "quayside", stacks: ["dev", "prod"] };
const Branches = z.object({
  branches: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      parent_id: z.string().optional(),
      expires_at: z.string().optional(),
    }),
  ),
});
const Project = z.object({ project: z.object({ id: z.string() }) });

let world: TestWorld;
let github: Github;
let neon: Listening;
let project = "";
let env: NodeJS.ProcessEnv = {};
let skipped = Date.parse("2026-11-20T10:00:00Z") - performance.now();
const now = () => new Date(skipped + performance.now());
let said = "";

const owner = () => neonApi(OWNERS_KEY, `${neon.url}/api/v2`);
async function makeProject(name: string, branch: string): Promise<string> {
  const made = await owner().call("POST", "/projects", Project, {
    project: { name, branch: { name: branch } },
  });
  return made.project.id;
}
const branches = async () =>
  (await owner().call("GET", `/projects/${project}/branches`, Branches)).branches.toSorted((a, b) =>
    a.name.localeCompare(b.name),
  );
const names = async () => (await branches()).map(({ name }) => name);

beforeAll(async () => {
  world = await testWorld();
  github = connect(TOKEN, { owner: "quayside", name: "quayside" }, world.cloud.url, {
    sleep: async () => {},
  });
  world.push("main", { "README.md": "# Quayside\n" });
  neon = await startNeon({ world: join(world.folder, "neon"), token: OWNERS_KEY, operationMs: 5, now });
  project = await makeProject("quayside-dev", "dev");
  const { key } = await owner().call(
    "POST",
    "/organizations/org-quayside-00000001/api_keys",
    z.object({ key: z.string() }),
    { key_name: "pull requests", project_id: project },
  );
  env = { PREVIEW_NEON_API_KEY: key, PREVIEW_NEON_PROJECT: project, NEON_API_URL: neon.url };
});
afterAll(async () => {
  await neon?.close();
  await world?.[Symbol.asyncDispose]();
});

const context = (variables = env): Context => ({
  root: "/",
  json: false,
  env: variables,
  signal: new AbortController().signal,
  now,
  reporter: createReporter({
    github: false,
    stream: new Writable({
      write(chunk, _encoding, done) {
        said += String(chunk);
        done();
      },
    }),
  }),
});
async function openPull(branch: string): Promise<number> {
  world.push(branch, { [`${branch}.txt`]: "x\n" });
  const { data } = await github.request("POST /repos/{owner}/{repo}/pulls", {
    ...github.at,
    title: branch,
    head: branch,
    base: "main",
  });
  return data.number;
}
const label = (number: number) =>
  github.request("POST /repos/{owner}/{repo}/issues/{issue_number}/labels", {
    ...github.at,
    issue_number: number,
    labels: ["database"],
  });
const preview = (number: number, variables = env) =>
  databaseForPull(context(variables), PROJECT, github, number);

let first = 0;
let second = 0;

test("a pull request without the label gets no branch", async () => {
  first = await openPull("first");
  second = await openPull("second");
  expect(await preview(first)).toEqual({ database: undefined, notes: [] });
  expect(await names()).toEqual(["dev"]);
});

test("with the label it gets one of dev's data that one can connect to, and two runs at once make no second", async () => {
  await label(first);
  const runs = await Promise.all([preview(first), preview(first), preview(first)]);
  expect(runs.map(({ notes }) => notes)).toEqual([[], [], []]);
  const [dev, own, ...others] = await branches();
  expect(others).toEqual([]);
  expect(own).toMatchObject({ name: `pr-${first}`, parent_id: dev?.id });
  const { endpoints } = await owner().call(
    "GET",
    `/projects/${project}/endpoints`,
    z.object({ endpoints: z.array(z.object({ branch_id: z.string() })) }),
  );
  expect(endpoints.map(({ branch_id }) => branch_id)).toContain(own?.id);
  expect(runs[0]?.database).toMatchObject({
    name: `pr-${first}`,
    url: `https://console.neon.tech/app/projects/${project}/branches/${own?.id}`,
  });
});

test("the comment says where to ask for the connection string, and nowhere is the password or the host", async () => {
  const { database } = await preview(first);
  const { markdown } = compose(
    { commit: "0".repeat(40), at: now().toISOString(), stacks: [], database },
    { most: 65_536, measure: (text) => text.length },
  );
  expect(markdown).toContain(`npx neonctl connection-string pr-${first} --project-id ${project}`);
  expect(markdown).toContain("(https://console.neon.tech/");
  const password = z
    .object({ password: z.string() })
    .parse(
      (
        await owner().ask(
          "GET",
          `/projects/${project}/branches/${(await branches())[1]?.id}/roles/neondb_owner/reveal_password`,
        )
      ).body,
    ).password;
  for (const text of [markdown, said, JSON.stringify(database)]) {
    expect(text).not.toContain(password);
    expect(text).not.toMatch(/postgres(ql)?:|npg_|ep-|napi_/);
  }
});

test("each run keeps it for another week", async () => {
  const expiry = async () => Date.parse((await branches())[1]?.expires_at ?? "");
  const before = await expiry();
  expect(before - now().getTime()).toBeGreaterThan(6.9 * 86_400_000);
  skipped += 3 * 86_400_000;
  await preview(first);
  expect((await expiry()) - before).toBeGreaterThan(2.9 * 86_400_000);
});

test("it is gone when the label is taken away, and a second time nothing happens", async () => {
  await github.request("DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", {
    ...github.at,
    issue_number: first,
    name: "database",
  });
  expect(await preview(first)).toEqual({ database: undefined, notes: [] });
  expect(await names()).toEqual(["dev"]);
  expect(await preview(first)).toEqual({ database: undefined, notes: [] });
});

test("it is gone when the pull request is closed; another's run removes what a clean-up has left", async () => {
  await label(first);
  await preview(first);
  expect(await removePullDatabase(context(), PROJECT, first)).toBe(`database branch pr-${first}`);
  expect(await removePullDatabase(context(), PROJECT, first)).toBeUndefined();
  expect(await names()).toEqual(["dev"]);

  await preview(first);
  await preview(second);
  expect(await names()).toEqual(["dev", `pr-${first}`]);
  await github.request("PATCH /repos/{owner}/{repo}/pulls/{pull_number}", {
    ...github.at,
    pull_number: first,
    state: "closed",
  });
  await preview(second);
  expect(await names()).toEqual(["dev"]);
});

test("a project that has prod's data, too, is refused, and nothing is made there", async () => {
  await label(second);
  const shared = await makeProject("quayside", "prod");
  const before = await owner().call("GET", `/projects/${shared}/branches`, Branches);
  const { database, notes } = await preview(second, {
    ...env,
    PREVIEW_NEON_API_KEY: OWNERS_KEY,
    PREVIEW_NEON_PROJECT: shared,
  });
  expect(database).toBeUndefined();
  expect(notes.join()).toContain("has the data of prod, too");
  expect(await owner().call("GET", `/projects/${shared}/branches`, Branches)).toEqual(before);
});

test("a label without a key is answered in the comment; half of the two variables is named", async () => {
  expect((await preview(second, {})).notes.join()).toContain("there is no key of Neon's");
  const half = { ...env, PREVIEW_NEON_PROJECT: "" };
  expect((await preview(second, half)).notes.join()).toContain("PREVIEW_NEON_PROJECT is missing");
});
