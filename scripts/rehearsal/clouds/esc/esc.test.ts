// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ESC interpolates with the same signs
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Configuration, EscApi } from "@pulumi/esc-sdk";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type RunningEsc, startEsc } from "./start.ts";
import type { Claims } from "./trust.ts";

const TOKEN = "pul-owner";
let world: string;
let esc: RunningEsc;
let client: EscApi;
let time: number;

/** Stands in for the issuer: a "token" is the JSON of its claims. */
const verifyOidc = async (jwt: string): Promise<Claims> => {
  if (!jwt.startsWith("{")) throw new Error("malformed token");
  return JSON.parse(jwt);
};
const start = () =>
  startEsc({
    world,
    token: TOKEN,
    now: () => new Date(time),
    verifyOidc,
    trust: [
      { rules: { sub: "repo:quayside/quayside:pull_request" }, environments: ["quayside/*-preview"] },
      {
        rules: { sub: "repo:quayside/quayside:environment:prod" },
        environments: ["quayside/prod", "shared/*"],
      },
    ],
  });

function clientWith(accessToken: string): EscApi {
  const configuration = new Configuration({ accessToken });
  configuration.basePath = `${esc.url}/api/esc`;
  return new EscApi(configuration);
}

beforeEach(async () => {
  world = mkdtempSync(join(tmpdir(), "quayside-esc-"));
  time = Date.parse("2026-10-01T12:00:00Z");
  esc = await start();
  client = clientWith(TOKEN);
  // The SDK's constructor drops the port.
  client.config.basePath = `${esc.url}/api/esc`;
});
afterEach(async () => {
  await esc.close();
  rmSync(world, { recursive: true, force: true });
});

async function put(project: string, name: string, yaml: string) {
  await client.createEnvironment("quayside", project, name);
  await client.updateEnvironmentYaml("quayside", project, name, yaml);
}
const values = async (project: string, name: string) =>
  (await client.openAndReadEnvironment("quayside", project, name))?.values;
const refused = (call: Promise<unknown>) =>
  call.then(
    () => "done",
    (error) => `${error.response.status} ${error.response.data.code} ${error.response.data.message}`,
  );

describe("through the official SDK", () => {
  test("an environment is made, filled, opened and deleted", async () => {
    await put(
      "quayside",
      "dev",
      "values:\n  host: app.example.com\n  token:\n    fn::secret: s3cret\n" +
        "  environmentVariables:\n    URL: https://${host}/\n    HCLOUD_TOKEN: ${token}\n",
    );
    expect(await values("quayside", "dev")).toMatchObject({
      environmentVariables: { URL: "https://app.example.com/", HCLOUD_TOKEN: "s3cret" },
    });
    const opened = await client.openEnvironment("quayside", "quayside", "dev");
    const property = await client.readOpenEnvironmentProperty(
      "quayside",
      "quayside",
      "dev",
      opened?.id ?? "",
      "environmentVariables.HCLOUD_TOKEN",
    );
    expect(property).toMatchObject({ value: "s3cret", property: { secret: true } });
    await client.deleteEnvironment("quayside", "quayside", "dev");
    expect(await refused(client.getEnvironment("quayside", "quayside", "dev"))).toMatch(/^404 404 Not Found/);
  });

  test("a secret is shown as ciphertext, taken back as such, and decrypted on demand; comments stay", async () => {
    await put("p", "e", "# why\nvalues:\n  token:\n    fn::secret: s3cret # rotate in May\n");
    const shown = await client.getEnvironment("quayside", "p", "e");
    expect(shown?.yaml).toContain("# why");
    expect(shown?.yaml).not.toContain("s3cret");
    expect(shown?.definition).toMatchObject({
      values: { token: { "fn::secret": { ciphertext: expect.any(String) } } },
    });
    await client.updateEnvironmentYaml("quayside", "p", "e", shown?.yaml ?? "");
    expect(await values("p", "e")).toEqual({ token: "s3cret" });
    expect((await client.decryptEnvironment("quayside", "p", "e"))?.yaml).toContain("fn::secret: s3cret");
  });

  test("lists have pages", async () => {
    for (let n = 0; n < 51; n++) await client.createEnvironment("quayside", "many", `env-${n}`);
    const first = await client.listEnvironments("quayside");
    expect(first?.environments).toHaveLength(50);
    const second = await client.listEnvironments("quayside", first?.nextToken);
    expect(second).toMatchObject({ environments: [{ name: "env-50" }], nextToken: "" });
  });

  test("revisions are kept, tagged, and opened by number or tag", async () => {
    await put("p", "e", "values: {n: 1}");
    await client.updateEnvironmentYaml("quayside", "p", "e", "values: {n: 2}");
    await client.createEnvironmentRevisionTag("quayside", "p", "e", "stable", 2);
    const at = async (version: string) =>
      (await client.openAndReadEnvironmentAtVersion("quayside", "p", "e", version))?.values;
    expect([await at("stable"), await at("3"), await at("latest")]).toEqual([{ n: 1 }, { n: 2 }, { n: 2 }]);
    const revisions = await client.listEnvironmentRevisions("quayside", "p", "e");
    expect(revisions?.map(({ number, tags }) => [number, tags])).toEqual([
      [3, ["latest"]],
      [2, ["stable"]],
      [1, []],
    ]);
    await client.updateEnvironmentRevisionTag("quayside", "p", "e", "stable", 3);
    expect(await client.getEnvironmentRevisionTag("quayside", "p", "e", "stable")).toMatchObject({
      revision: 3,
    });
    await client.deleteEnvironmentRevisionTag("quayside", "p", "e", "stable");
    expect((await client.listEnvironmentRevisionTags("quayside", "p", "e"))?.tags).toHaveLength(1);
  });

  test("environments have tags and can be cloned", async () => {
    await put("p", "e", "values: {a: 1}");
    await client.createEnvironmentTag("quayside", "p", "e", "owner", "ops");
    await client.updateEnvironmentTag("quayside", "p", "e", "owner", "ops", "team", "platform");
    expect((await client.listEnvironmentTags("quayside", "p", "e"))?.tags).toMatchObject({
      team: { value: "platform" },
    });
    await client.cloneEnvironment("quayside", "p", "e", "p", "copy");
    expect(await values("p", "copy")).toEqual({ a: 1 });
  });

  test("a check says what is wrong, and where, without keeping anything", async () => {
    const checked = await client.checkEnvironmentYaml("quayside", "values:\n  a: ${nothing}\n");
    expect(checked?.diagnostics).toMatchObject([
      { summary: 'unknown property "nothing"', path: "values.a", range: { begin: { line: 2, column: 6 } } },
    ]);
  });

  test("a check tells how each value is written down, which the engine's “env get” looks a path up in", async () => {
    const checked = await client.checkEnvironmentYaml(
      "quayside",
      "values:\n  a: [1, {b: two}]\n  pw: {fn::secret: x}\n",
    );
    expect(checked?.exprs).toMatchObject({
      a: { list: [{ literal: 1 }, { object: { b: { literal: "two" } } }], range: { begin: { line: 2 } } },
      pw: { builtin: { name: "fn::secret", arg: { literal: "x" } } },
    });
  });
});

describe("evaluation", () => {
  test("imports are merged in order under the own values, which can use them", async () => {
    await put("shared", "base", "values: {region: us, nested: {a: 1, b: 1}, pw: {fn::secret: x}}");
    await put("shared", "over", "values: {nested: {b: 2}}");
    await put(
      "quayside",
      "dev",
      "imports: [shared/base, shared/over]\nvalues:\n  nested: {c: 3}\n  copy: ${region}-${nested.b}\n  dsn: user:${pw}@db\n",
    );
    expect(await values("quayside", "dev")).toEqual({
      region: "us",
      nested: { a: 1, b: 2, c: 3 },
      pw: "x",
      copy: "us-2",
      dsn: "user:x@db",
    });
    const opened = await client.openAndReadEnvironment("quayside", "quayside", "dev");
    expect(opened?.environment?.properties?.dsn?.secret).toBe(true);
    expect(opened?.environment?.properties?.copy?.secret).toBeUndefined();
  });

  test("functions, escapes, lists and types come out as ESC's do", async () => {
    const yaml = [
      "values:",
      "  list: [1, two, true]",
      "  first: ${list[0]}",
      "  json: {fn::toJSON: {a: '${list}'}}",
      "  parsed: {fn::fromJSON: '{\"x\": [1]}'}",
      "  base64: {fn::toBase64: hello}",
      "  joined: {fn::join: [',', [a, b]]}",
      "  dollar: $${not}",
      '  quoted: ${odd["key one"]}',
      "  odd: {key one: 1}",
      "  where: ${context.rootEnvironment.name}",
    ].join("\n");
    await put("p", "e", yaml);
    expect(await values("p", "e")).toEqual({
      list: [1, "two", true],
      first: 1,
      json: '{"a":[1,"two",true]}',
      parsed: { x: [1] },
      base64: "aGVsbG8=",
      joined: "a,b",
      dollar: "${not}",
      quoted: 1,
      odd: { "key one": 1 },
      where: "p/e",
    });
  });

  test.each([
    ["a circle", "values: {a: '${b}', b: '${a}'}", "cyclic reference"],
    ["an unknown import", "imports: [no/such]", 'unknown environment "no/such"'],
    ["an import of itself", "imports: [p/e]", 'cyclic import of "p/e"'],
    ["a provider", "values: {a: {fn::open::aws-login: {}}}", "unknown built-in function or provider"],
    ["a foreign ciphertext", "values: {a: {fn::secret: {ciphertext: abc}}}", "invalid ciphertext"],
    ["an unknown top-level key", "value: {}", 'unknown top-level key "value"'],
    ["broken YAML", "values: {", "Flow map"],
  ])("%s is refused at the update, with a diagnostic", async (_, yaml, summary) => {
    await client.createEnvironment("quayside", "p", "e");
    const error = await client.updateEnvironmentYaml("quayside", "p", "e", yaml).catch((thrown) => thrown);
    expect(error.response.status).toBe(400);
    expect(error.response.data.code).toBe(400);
    expect(JSON.stringify(error.response.data.diagnostics)).toContain(JSON.stringify(summary).slice(1, -1));
    expect((await client.getEnvironment("quayside", "p", "e"))?.yaml).toBe("");
  });
});

describe("identity", () => {
  const exchange = (claims: object, more: { [field: string]: string } = {}) =>
    fetch(`${esc.url}/api/oauth/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        audience: "urn:pulumi:org:quayside",
        subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
        requested_token_type: "urn:pulumi:token-type:access_token:organization",
        subject_token: JSON.stringify(claims),
        ...more,
      }),
    });
  const PULL_REQUEST = { aud: "urn:pulumi:org:quayside", sub: "repo:quayside/quayside:pull_request" };

  test("a trusted subject gets a short-lived token that opens what its policy names and changes nothing", async () => {
    await put("quayside", "dev-preview", "values: {a: 1}");
    await put("quayside", "dev", "values: {a: 2}");
    const answer = await exchange(PULL_REQUEST, { expiration: "600" });
    expect(answer.status).toBe(200);
    const grant = (await answer.json()) as { access_token: string };
    expect(grant).toMatchObject({
      token_type: "token",
      expires_in: 600,
      issued_token_type: "urn:pulumi:token-type:access_token:organization",
    });
    const job = clientWith(grant.access_token);
    job.config.basePath = `${esc.url}/api/esc`;
    expect((await job.openAndReadEnvironment("quayside", "quayside", "dev-preview"))?.values).toEqual({
      a: 1,
    });
    expect(await refused(job.openEnvironment("quayside", "quayside", "dev"))).toMatch(/^403 403 Forbidden/);
    expect(await refused(job.updateEnvironmentYaml("quayside", "quayside", "dev-preview", "{}"))).toMatch(
      /^403/,
    );
    expect((await job.listEnvironments("quayside"))?.environments).toMatchObject([{ name: "dev-preview" }]);
    time += 600_000;
    expect(await refused(job.listEnvironments("quayside"))).toBe(
      "401 401 Unauthorized: No credentials provided or are invalid.",
    );
  });

  test.each([
    ["another subject", { ...PULL_REQUEST, sub: "repo:quayside/other:pull_request" }, {}, 401],
    ["a subject that only begins alike", { ...PULL_REQUEST, sub: `${PULL_REQUEST.sub}:x` }, {}, 401],
    ["a token for another audience", { ...PULL_REQUEST, aud: "sts.amazonaws.com" }, {}, 401],
    ["another organization", PULL_REQUEST, { audience: "urn:pulumi:org:other" }, 404],
    ["another grant", PULL_REQUEST, { grant_type: "password" }, 400],
    ["a token that is none", PULL_REQUEST, { subject_token: "nonsense" }, 401],
  ])("%s is refused", async (_, claims, more, status) => {
    const answer = await exchange(claims, more);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ code: status, message: expect.any(String) });
  });

  test("an exchange may come as JSON too", async () => {
    const answer = await fetch(`${esc.url}/api/oauth/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        audience: "urn:pulumi:org:quayside",
        subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
        requested_token_type: "urn:pulumi:token-type:access_token:team",
        subject_token: JSON.stringify(PULL_REQUEST),
      }),
    });
    expect(answer.status).toBe(200);
  });

  test("GET /api/user tells who asks, and nothing is told to nobody", async () => {
    const ask = (authorization: string) => fetch(`${esc.url}/api/user`, { headers: { authorization } });
    expect(await (await ask(`token ${TOKEN}`)).json()).toMatchObject({
      githubLogin: "quayside",
      organizations: [{ githubLogin: "quayside" }],
    });
    expect((await ask("token wrong")).status).toBe(401);
    expect((await ask("")).status).toBe(401);
  });
});

test("updates can be made conditional on what was read", async () => {
  await put("p", "e", "values: {a: 1}");
  const path = `${esc.url}/api/esc/environments/quayside/p/e`;
  const authorization = `token ${TOKEN}`;
  const etag = (await fetch(path, { headers: { authorization } })).headers.get("etag") ?? "";
  const patch = (body: string) =>
    fetch(path, { method: "PATCH", body, headers: { authorization, "if-match": etag } });
  expect((await patch("values: {a: 2}")).status).toBe(200);
  expect((await patch("values: {a: 3}")).status).toBe(409);
});

test("no secret lies in the world's folder in clear, and a restarted world still opens them", async () => {
  await put("p", "e", "values: {token: {fn::secret: canary-4711}, copy: '${token}'}");
  await values("p", "e");
  await esc.close();
  const files = readdirSync(world).map((file) => readFileSync(join(world, file)).toString("latin1"));
  expect(files.length).toBeGreaterThan(1);
  expect(files.filter((content) => content.includes("canary-4711"))).toEqual([]);
  esc = await start();
  client = clientWith(TOKEN);
  client.config.basePath = `${esc.url}/api/esc`;
  expect(await values("p", "e")).toEqual({ token: "canary-4711", copy: "canary-4711" });
});

test("names that the API does not take, and twins, are refused", async () => {
  expect(await refused(client.createEnvironment("quayside", "p", "no/slash"))).toMatch(/^400/);
  await client.createEnvironment("quayside", "p", "e");
  expect(await refused(client.createEnvironment("quayside", "p", "e"))).toMatch(/^409 409 Conflict/);
  expect(await refused(client.listEnvironments("other"))).toMatch(/^404/);
});
