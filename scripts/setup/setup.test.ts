import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { command as newCommand } from "../commands/new.ts";
import { command as secretsCommand } from "../commands/secrets.ts";
import { command } from "../commands/setup.ts";
import { asTemplate } from "../rehearsal/stage/as-template.ts";
import { openPreviewDatabase } from "../secrets/preview-database.ts";
import { publicHalf, signingKeys } from "../secrets/signing-keys.ts";
import { VARIABLES } from "../secrets/variables.ts";
import { readProject } from "../stack/stacks.ts";
import { EXAMPLE } from "../template.ts";
import { Bench } from "./bench.ts";
import { nobody } from "./interviewer.ts";
import { openProgress } from "./progress.ts";
import { BY_HAND, passphraseKeeper, ROTATABLE } from "./rotate.ts";
import { secretPlace, USES } from "./secret-places.ts";
import { openStackFile } from "./stack-files.ts";
import { contextIn, type EmptyWorld, emptyWorld } from "./testing/world.ts";

const STACKS = ["dev", "prod"];
let world: EmptyWorld;
let robin = "";
let root = "";
beforeAll(async () => {
  world = await emptyWorld();
  robin = await world.person("robin", "admin");
  root = world.checkout();
});
afterAll(() => world.close());

/** What an owner with all accounts would answer. */
function answers(): Record<string, unknown> {
  const { github, esc, cloudflare, hetzner, neon, doppler } = world.clouds;
  return {
    repository: github.repository,
    "github-token": robin,
    home: "pulumi",
    "pulumi-token": esc.token,
    domain: "harbour.example",
    "cloudflare-token": cloudflare.token,
    "cloudflare-preview-token": cloudflare.readToken,
    "hetzner-token": hetzner.token,
    "hetzner-preview-token": hetzner.readToken,
    "neon-key": neon.token,
    "doppler-token": doppler.token,
    "admin-ranges": ["203.0.113.0/24"],
  };
}

async function setUp(changes: Record<string, unknown> = {}, at = root, values: Record<string, unknown> = {}) {
  const file = join(at, "answers.yaml");
  writeFileSync(file, stringify({ ...answers(), ...changes }));
  const { context, said } = contextIn(at, world.env);
  const result = await command.run(context, { values: { answers: file, ...values }, positionals: [] });
  return { result, said: said() };
}

describe("the set-up", () => {
  it("makes everything from nothing, and finds nothing to do the second time", async () => {
    const { result, said } = await setUp();
    expect(result.outcome, said).toBe("succeeded");
    expect(result.questions).toBeLessThan(18);
    const again = await setUp();
    expect((again.result.steps as { state: string }[]).map(({ state }) => state)).toEqual(
      (again.result.steps as unknown[]).map(() => "nothing-to-do"),
    );
    const stack = parse(readFileSync(join(root, "infra", "Pulumi.prod.yaml"), "utf8"));
    expect(stack.config["quayside:accountId"]).toBe(world.clouds.cloudflare.accountId);
    for (const file of [...EXAMPLE.files, "infra/Pulumi.dev.yaml", "infra/Pulumi.prod.yaml"]) {
      const text = readFileSync(join(root, file), "utf8").replaceAll(/^\s*#.*$/gm, "");
      for (const name of [EXAMPLE.domain, EXAMPLE.accountId, EXAMPLE.releaseKey, EXAMPLE.adminRange])
        expect(text, `${name} in ${file}`).not.toContain(name);
    }
  });

  it("changes nothing that the rehearsal and the tests of a team's repository could not take back", async () => {
    const [fresh, team] = [world.checkout(), world.checkout()];
    await setUp({ location: "ash", "server-type": "cpx31" }, team);
    const file = "infra/Pulumi.prod.yaml";
    expect(readFileSync(join(team, file), "utf8")).toMatch(/location: ash[\s\S]*serverType: cpx31/);
    asTemplate(team);
    for (const name of EXAMPLE.files)
      expect(readFileSync(join(team, name), "utf8")).toBe(readFileSync(join(fresh, name), "utf8"));
    for (const name of ["infra/Pulumi.dev.yaml", file])
      expect(parse(readFileSync(join(team, name), "utf8"))).toEqual(
        parse(readFileSync(join(fresh, name), "utf8")),
      );
  });

  it("trusts no job with a stack that a workflow offers and the repository does not have", async () => {
    const at = world.checkout();
    const rollback = join(at, ".github", "workflows", "rollback.yml");
    writeFileSync(rollback, readFileSync(rollback, "utf8").replace("[dev, prod]", "[dev, prod, gone]"));
    const { result, said } = await setUp({}, at);
    expect(result.outcome, said).toBe("succeeded");
    expect(said).not.toContain("gone");
  });

  it("sets the stacks of a further project up with the others, and leaves it the image and the domain that are its own", async () => {
    const at = world.checkout();
    const { context } = contextIn(at, world.env);
    await newCommand.run(context, { values: {}, positionals: ["project", "hold"] });
    const file = (stage: string) => join(at, "projects", "hold", "infra", `Pulumi.hold-${stage}.yaml`);
    const image = `ghcr.io/robin/hold@sha256:${"5".repeat(64)}`;
    writeFileSync(file("dev"), readFileSync(file("dev"), "utf8").replace(EXAMPLE.image, image));
    const { result, said } = await setUp({}, at);
    expect(result.outcome, said).toBe("succeeded");
    expect(said).toContain("make the GitHub Environment hold-prod");
    expect(said).toContain("let hold-prod deploy from the tag hold-v*");
    expect(said).toContain("protect the tags hold-v*");
    const config = (stage: string) => parse(readFileSync(file(stage), "utf8")).config;
    expect(config("dev")).toMatchObject({ "hold:image": image, "hold:domain": "harbour.example" });
    expect(config("prod")["hold:image"]).toBe(EXAMPLE.image);
    expect(config("prod")["hold:releaseKey"]).not.toBe(EXAMPLE.releaseKey);
    const place = await secretPlace(benchOf(at));
    expect((await place.read("hold-dev", "deploy")).names).toContain("RELEASE_SIGNING_KEY");
  });

  it("gives each stack a project of its own at Neon, and pull requests a key to dev's alone", async () => {
    const { neon, esc } = world.clouds;
    const ask = async (path: string, key: string) => {
      const response = await fetch(`${neon.url}${path}`, { headers: { authorization: `Bearer ${key}` } });
      return { status: response.status, body: (await response.json()) as unknown };
    };
    const Projects = z.object({ projects: z.array(z.object({ id: z.string(), name: z.string() })) });
    const { projects } = Projects.parse((await ask("/projects", neon.token)).body);
    const own = STACKS.map((stack) => (stack === "prod" ? "quayside" : `quayside-${stack}`));
    expect(projects.map(({ name }) => name)).toEqual(expect.arrayContaining(own));
    const idOf = (name: string) => projects.find((project) => project.name === name)?.id;
    const opened = await openPreviewDatabase("quayside", {
      ...world.env,
      PULUMI_ACCESS_TOKEN: esc.token,
      PULUMI_ORG: esc.org,
    });
    expect(opened?.project).toBe(idOf("quayside-dev"));
    const key = opened?.key ?? "";
    expect((await ask(`/projects/${opened?.project}/branches`, key)).body).toMatchObject({
      branches: [{ name: "dev" }],
    });
    expect((await ask(`/projects/${idOf("quayside")}/branches`, key)).status).toBe(403);
  });

  it("refuses a token that may do too little, or for previews too much, before it makes anything", async () => {
    const { token: lame } = z.object({ token: z.string() }).parse(
      await world.admin("cloudflare", "POST", "/_rehearsal/tokens", {
        permissions: "edit",
        but: { D1: "none" },
      }),
    );
    await expect(setUp({ "cloudflare-token": lame })).rejects.toMatchObject({
      code: "setup-answer-wrong",
      message: expect.stringContaining("It lacks Account · D1 (Edit)"),
    });
    await expect(setUp({ "hetzner-preview-token": world.clouds.hetzner.token })).rejects.toThrow(
      "It may write, and pull requests use it",
    );
    await expect(setUp({ "doppler-token": "dp.pt.nobody" })).rejects.toThrow(
      "Doppler does not know this token",
    );
  });

  it("changes a token everywhere, and nothing when the new one is wrong", async () => {
    const { token: fresh } = z
      .object({ token: z.string() })
      .parse(await world.admin("cloudflare", "POST", "/_rehearsal/tokens", { permissions: "read" }));
    const rotate = (token: string) =>
      change("CLOUDFLARE_API_TOKEN", { "cloudflare-preview-token": token }, { preview: true });
    await expect(rotate(world.clouds.cloudflare.token)).rejects.toThrow(
      "It may write, and pull requests use it",
    );
    await expect(rotate(fresh)).resolves.toMatchObject({
      places: STACKS.map((stack) => expect.stringContaining(`/${stack}-preview`)),
    });
  });

  it("lets an older token of Doppler's work until the servers have the new one", async () => {
    const answer = { "doppler-token": world.clouds.doppler.token };
    const { next, places } = await change("DOPPLER_TOKEN", answer, { stack: "prod" });
    expect(places).toEqual([expect.stringMatching(/quayside\/prod$/)]);
    expect(next).toContain("--finish");
    expect(await dopplerTokens("prd")).toHaveLength(2);
    await change("DOPPLER_TOKEN", answer, { stack: "prod", finish: true });
    expect(await dopplerTokens("prd")).toEqual([expect.stringMatching(/^quayside-prod-\d{4}-\d\d-\d\d$/)]);
    expect(await dopplerTokens("dev")).toEqual(["quayside-dev"]);
  });

  it("puts a new release key before the old one and its public half into the stack's file, once, until it is said that servers have it", async () => {
    const place = await secretPlace(benchOf());
    const keys = async () =>
      signingKeys((await place.read("dev", "deploy")).values?.RELEASE_SIGNING_KEY ?? "").map(publicHalf);
    const trusted = () => openStackFile(benchOf(), "dev").get("releaseKey");
    const [old] = await keys();
    expect(trusted()).toBe(old);

    const { next } = await change("RELEASE_SIGNING_KEY", {}, { stack: "dev" });
    expect(next).toContain("--finish");
    const both = await keys();
    expect(both).toEqual([expect.any(String), old]);
    expect(trusted()).toBe(both[0]);
    await change("RELEASE_SIGNING_KEY", {}, { stack: "dev" });
    expect(await keys()).toEqual(both);

    await change("RELEASE_SIGNING_KEY", {}, { stack: "dev", finish: true });
    expect(await keys()).toEqual([both[0]]);
    expect(trusted()).toBe(both[0]);
  });

  it("keeps a passphrase that is about to follow where no job finds it, until it takes the place of both", async () => {
    const keep = () => passphraseKeeper(benchOf(), "dev");
    const { current } = await keep();
    await (await keep()).keepNext("to-come");
    expect(await keep()).toMatchObject({ current, next: "to-come" });
    const place = await secretPlace(benchOf());
    for (const use of USES)
      expect(JSON.stringify((await place.read("dev", use)).values)).not.toContain("to-come");
    await (await keep()).adoptNext("to-come");
    await (await keep()).forgetNext();
    expect(await keep()).toMatchObject({ current: "to-come", next: undefined });
    expect((await place.read("dev", "preview")).values?.PULUMI_CONFIG_PASSPHRASE).toBe("to-come");
    expect((await place.read("prod", "deploy")).values?.PULUMI_CONFIG_PASSPHRASE).not.toBe("to-come");
  });

  it("says of a secret that no command changes why that is, and where the way by hand is", async () => {
    for (const name of ["INTAKE_TURNSTILE_SECRET"])
      await expect(change(name, {}, {})).rejects.toMatchObject({
        code: "rotate-by-hand",
        exitCode: 2,
        fix: expect.stringContaining("A secret leaked"),
      });
    const known = [...ROTATABLE, ...Object.keys(BY_HAND)].sort();
    const secret = VARIABLES.filter((variable) => variable.secret).map(({ name }) => name);
    expect(known).toEqual(secret.sort());
  });
});

/** Rotates a secret, with answers from a file. */
async function change(name: string, given: Record<string, unknown>, values: Record<string, unknown>) {
  const file = join(root, "rotation.yaml");
  writeFileSync(file, stringify(given));
  const { context } = contextIn(root, ownersEnv());
  return secretsCommand.run(context, { values: { answers: file, ...values }, positionals: ["rotate", name] });
}

/** What a command of the owner's works with, after the set-up. */
function benchOf(at = root): Bench {
  const { context } = contextIn(at, ownersEnv());
  return new Bench({
    context,
    project: readProject(at),
    interviewer: nobody,
    progress: openProgress(at, false),
  });
}

function ownersEnv(): Record<string, string> {
  return {
    ...world.env,
    GITHUB_REPOSITORY: world.clouds.github.repository,
    GITHUB_TOKEN: robin,
    PULUMI_ACCESS_TOKEN: world.clouds.esc.token,
    PULUMI_ORG: world.clouds.esc.org,
  };
}

/** The names of a config's service tokens, as Doppler lists them. */
async function dopplerTokens(config: string): Promise<string[]> {
  const { url, token } = world.clouds.doppler;
  const response = await fetch(`${url}/v3/configs/config/tokens?project=quayside&config=${config}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { tokens } = z
    .object({ tokens: z.array(z.object({ name: z.string() })) })
    .parse(await response.json());
  return tokens.map(({ name }) => name);
}
