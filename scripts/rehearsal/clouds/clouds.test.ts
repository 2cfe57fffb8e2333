import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Configuration, EscApi } from "@pulumi/esc-sdk";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { type CloudAddresses, startClouds } from "./start.ts";

let world: string;
let children: ChildProcess[];
beforeEach(() => {
  world = mkdtempSync(join(tmpdir(), "quayside-clouds-"));
  children = [];
});
afterEach(async () => {
  for (const child of children)
    if (child.exitCode === null && child.signalCode === null) await kill(child, "SIGKILL");
  rmSync(world, { recursive: true, force: true });
});

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

/** Runs main.ts; resolves with its first line of output. */
async function run(...args: string[]) {
  const child = spawn(process.execPath, ["--no-warnings", MAIN, "--world", world, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const line = await new Promise<string | undefined>((resolve) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", () => resolve(undefined));
  });
  return { child, line, errors: () => errors };
}
async function runJson(...args: string[]) {
  const { child, line, errors } = await run("--json", ...args);
  if (line === undefined) throw new Error(`main.ts ended: ${errors()}`);
  return { child, addresses: JSON.parse(line) as CloudAddresses };
}
function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  child.kill(signal);
  return ended;
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const postJson = (token: string, body: object) => ({
  method: "POST",
  headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
  body: JSON.stringify(body),
});

describe("npm run clouds", () => {
  test("prints one JSON line with every address and token, and each token opens its API", async () => {
    const { child, addresses } = await runJson("--providers");
    const url = z.string().regex(/^http:\/\/127\.0\.0\.1:\d+/);
    const cloud = { url, token: z.string().min(20) };
    const port = z.number().int().positive();
    z.strictObject({
      hetzner: z.strictObject({ ...cloud, readToken: z.string() }),
      cloudflare: z.strictObject({
        ...cloud,
        readToken: z.string(),
        accountId: z.string(),
        zoneId: z.string(),
        previewAccountId: z.string(),
        previewToken: z.string(),
      }),
      github: z.strictObject({
        ...cloud,
        repository: z.literal("quayside/quayside"),
        gitDir: z.string(),
        idTokenRequestUrl: url,
        idTokenRequestToken: z.string(),
      }),
      esc: z.strictObject({ ...cloud, org: z.literal("quayside") }),
      neon: z.strictObject(cloud),
      doppler: z.strictObject(cloud),
      edge: z.strictObject({ url, ca: z.literal(join(world, "edge-ca.pem")) }),
      providers: z.strictObject({ hcloud: port, cloudflare: port, tls: port }),
    }).parse(addresses);
    const { hetzner, cloudflare, github, esc, neon, doppler } = addresses;
    const probes: [string, string][] = [
      [`${hetzner.url}/servers`, hetzner.token],
      [`${hetzner.url}/servers`, hetzner.readToken],
      [`${cloudflare.url}/zones`, cloudflare.token],
      [`${cloudflare.url}/zones`, cloudflare.readToken],
      [`${github.url}/repos/${github.repository}`, github.token],
      [`${esc.url}/api/user`, esc.token],
      [`${neon.url}/projects`, neon.token],
      [`${doppler.url}/v3/projects`, doppler.token],
    ];
    for (const [address, token] of probes)
      expect([address, (await fetch(address, bearer(token))).status]).toEqual([address, 200]);
    expect(await kill(child, "SIGTERM")).toBe(0);
    await expect(fetch(`${hetzner.url}/servers`, bearer(hetzner.token))).rejects.toThrow();
  });

  test("ends with 0 at Ctrl-C", async () => {
    const { child } = await runJson();
    expect(await kill(child, "SIGINT")).toBe(0);
  });

  test("a world that was killed comes back at the same addresses, with the same tokens and all that was in it", async () => {
    const first = await runJson();
    const { hetzner, neon, doppler, esc } = first.addresses;
    const network = { name: "net", ip_range: "10.0.0.0/16" };
    await fetch(`${hetzner.url}/networks`, postJson(hetzner.token, network));
    await fetch(`${neon.url}/projects`, postJson(neon.token, { project: { name: "quayside" } }));
    await fetch(`${doppler.url}/v3/projects`, postJson(doppler.token, { name: "quayside" }));
    const environment = { project: "quayside", name: "dev" };
    await fetch(`${esc.url}/api/esc/environments/quayside`, postJson(esc.token, environment));
    expect(await kill(first.child, "SIGKILL")).toBeNull();

    const second = await runJson();
    expect(second.addresses).toEqual(first.addresses);
    const read = async (url: string, token: string) => (await fetch(url, bearer(token))).json();
    expect(await read(`${hetzner.url}/networks`, hetzner.token)).toMatchObject({ networks: [network] });
    expect(await read(`${neon.url}/projects`, neon.token)).toMatchObject({
      projects: [{ name: "quayside" }],
    });
    expect(await read(`${doppler.url}/v3/projects`, doppler.token)).toMatchObject({
      projects: [{ name: "quayside" }],
    });
    const environments = await read(`${esc.url}/api/esc/environments/quayside`, esc.token);
    expect(environments).toMatchObject({ environments: [environment] });
  });

  test("a kill in the midst of creations loses none that was answered, and leaves no server half made", async () => {
    const first = await runJson();
    const { hetzner } = first.addresses;
    const server = { server_type: "cpx11", image: "debian-12", location: "hil" };
    const answered: string[] = [];
    const creations = Array.from({ length: 10 }, async (_, n) => {
      const name = `s${n}`;
      const answer = await fetch(`${hetzner.url}/servers`, postJson(hetzner.token, { ...server, name }));
      if (answer.status === 201 && answered.push(name) === 3) first.child.kill("SIGKILL");
    });
    await Promise.allSettled(creations);

    await runJson();
    const read = async (path: string) => (await fetch(`${hetzner.url}${path}`, bearer(hetzner.token))).json();
    const Servers = z.object({ servers: z.array(z.object({ id: z.number(), name: z.string() })) });
    const { servers } = Servers.parse(await read("/servers"));
    expect(servers.map(({ name }) => name)).toEqual(expect.arrayContaining(answered));
    const Ips = z.object({ primary_ips: z.array(z.object({ assignee_id: z.number() })) });
    const { primary_ips } = Ips.parse(await read("/primary_ips?per_page=50"));
    const owners = servers.flatMap(({ id }) => [id, id]);
    expect(primary_ips.map((ip) => ip.assignee_id).sort()).toEqual(owners.sort());
  });

  test("a world in use, and arguments that make no sense, are refused with exit code 2", async () => {
    await runJson();
    const second = await run("--json");
    expect(second.line).toBeUndefined();
    expect([second.child.exitCode, second.errors()]).toEqual([2, expect.stringContaining("--world DIR")]);
    for (const wrong of [["--latency", "long"], ["--colour"]]) {
      const refused = await run(...wrong);
      expect([wrong, refused.child.exitCode]).toEqual([wrong, 2]);
    }
  });
});

describe("clouds together", () => {
  test("a job's identity from GitHub opens in ESC what the policy gives it, and nothing else", async () => {
    const clouds = await startClouds({ world });
    try {
      const { github, esc } = clouds.addresses;
      const client = (accessToken: string) => {
        const api = new EscApi(new Configuration({ accessToken }));
        api.config.basePath = `${esc.url}/api/esc`;
        return api;
      };
      const owner = client(esc.token);
      for (const name of ["dev", "dev-preview", "prod"])
        await owner.createEnvironment("quayside", "quayside", name);
      const audience = "urn:pulumi:org:quayside";
      const idToken = await fetch(
        `${github.idTokenRequestUrl}&audience=${encodeURIComponent(audience)}`,
        bearer(github.idTokenRequestToken),
      );
      const { value } = z.object({ value: z.string() }).parse(await idToken.json());
      const exchange = (subject_token: string) =>
        fetch(`${esc.url}/api/oauth/token`, {
          method: "POST",
          body: new URLSearchParams({
            grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
            audience,
            subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
            requested_token_type: "urn:pulumi:token-type:access_token:organization",
            subject_token,
          }),
        });
      const granted = await exchange(value);
      const { access_token } = z.object({ access_token: z.string() }).parse(await granted.json());
      const job = client(access_token);
      // The standing job is one on main, in no environment.
      await job.openEnvironment("quayside", "quayside", "dev-preview");
      for (const stack of ["dev", "prod"])
        await expect(job.openEnvironment("quayside", "quayside", stack)).rejects.toThrow("403");
      const [head, payload] = value.split(".");
      expect((await exchange(`${head}.${payload}.${"A".repeat(342)}`)).status).toBe(401);
    } finally {
      await clouds.close();
    }
  });

  test("the edge reaches the origin behind a record while its server runs and lets 443 in", async () => {
    const origin = createServer((request, response) =>
      response.end(`for ${request.headers.host} at ${request.headers["x-rehearsal-ip"]}`),
    );
    await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
    const originUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
    const clouds = await startClouds({ world, originUrl });
    try {
      const { hetzner, cloudflare, edge } = clouds.addresses;
      const create = async (path: string, body: object) =>
        (await fetch(`${hetzner.url}${path}`, postJson(hetzner.token, body))).json();
      const Server = z.object({
        server: z.object({ id: z.number(), public_net: z.object({ ipv4: z.object({ ip: z.string() }) }) }),
      });
      const { server } = Server.parse(
        await create("/servers", {
          name: "app-1",
          server_type: "cpx11",
          image: "debian-12",
          location: "hil",
        }),
      );
      const { ip } = server.public_net.ipv4;
      await fetch(
        `${cloudflare.url}/zones/${cloudflare.zoneId}/dns_records`,
        postJson(cloudflare.token, {
          type: "A",
          name: "app.example.com",
          content: ip,
          proxied: true,
          ttl: 1,
        }),
      );
      const visit = async () => {
        const answer = await visitThrough(edge.url, "app.example.com");
        return [answer.status, answer.text.slice(0, 80)];
      };
      await expect.poll(visit).toEqual([200, `for app.example.com at ${ip}`]);
      const apply_to = [{ type: "server", server: { id: server.id } }];
      await create("/firewalls", { name: "closed", apply_to });
      const [status] = await visit();
      expect(status).toBeGreaterThanOrEqual(520);
    } finally {
      await clouds.close();
      origin.close();
    }
  });

  test("a port that somebody else took is given up for another", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const port = (taken.address() as AddressInfo).port;
    const clouds = await startClouds({ world, ports: { hetzner: port, cloudflare: port, edge: port } });
    try {
      const { hetzner, cloudflare } = clouds.addresses;
      expect((await fetch(`${hetzner.url}/locations`, bearer(hetzner.token))).status).toBe(200);
      expect((await fetch(`${cloudflare.url}/zones`, bearer(cloudflare.token))).status).toBe(200);
    } finally {
      await clouds.close();
      taken.close();
    }
  });
});

/** A plain HTTP visit by the edge's address and a Host header, with HTTPS as the visitor's scheme. */
function visitThrough(edgeUrl: string, host: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const call = request(edgeUrl, { headers: { host } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
      );
    });
    call.on("error", reject);
    call.end();
  });
}
