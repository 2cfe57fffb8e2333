import { randomBytes, randomUUID } from "node:crypto";
import type { Context, Hono } from "hono";
import { z } from "zod";
import { hashOf, type Identity, requireConfig } from "./access.ts";
import { DopplerError } from "./error.ts";
import { configView, deleteConfig } from "./projects.ts";
import { readBody } from "./request.ts";
import {
  type ConfigDocument,
  computedSecrets,
  rawSecrets,
  type ServiceTokenDocument,
  type Workplace,
} from "./workplace.ts";

const SecretName = z
  .string()
  .regex(/^[A-Z_][A-Z0-9_]{0,199}$/, "may only hold capital letters, digits and _");
const At = { project: z.string().optional(), config: z.string().optional() };
type Api = Hono<{ Variables: { identity: Identity } }>;
type ApiContext = Context<{ Variables: { identity: Identity } }>;

/** One config with its secrets and service tokens: https://docs.doppler.com/reference/secrets-list and its neighbours */
export function configRoutes(api: Api, workplace: Workplace): void {
  const read = (c: ApiContext) =>
    requireConfig(
      workplace,
      c.get("identity"),
      { project: c.req.query("project"), config: c.req.query("config") },
      "read",
    );
  const save = (config: ConfigDocument) => workplace.configs.put(`${config.project}/${config.name}`, config);

  api.get("/configs/config", (c) => c.json({ config: configView(read(c)), success: true }));
  api.delete("/configs/config", async (c) => {
    const body = await readBody(c, z.object(At));
    const config = requireConfig(workplace, c.get("identity"), body, "write");
    if (config.root) throw new DopplerError(400, "The root config of an environment can't be deleted");
    if (config.locked) throw new DopplerError(400, `Config '${config.name}' is locked`);
    deleteConfig(workplace, config);
    return c.body(null, 204);
  });
  for (const [name, locked] of [
    ["lock", true],
    ["unlock", false],
  ] as const)
    api.post(`/configs/config/${name}`, async (c) => {
      const body = await readBody(c, z.object(At));
      const config = requireConfig(workplace, c.get("identity"), body, "write");
      return c.json({ config: configView(save({ ...config, locked })), success: true });
    });

  const SECRETS = "/configs/config/secrets";
  api.get(SECRETS, (c) => {
    const config = read(c);
    const raw = rawSecrets(workplace, config);
    const secrets = Object.entries(computedSecrets(workplace, config)).map(([name, computed]) => [
      name,
      secretView(raw[name] ?? computed, computed),
    ]);
    return c.json({ secrets: Object.fromEntries(secrets), success: true });
  });
  api.get(`${SECRETS}/names`, (c) =>
    c.json({ names: Object.keys(computedSecrets(workplace, read(c))), success: true }),
  );
  api.get(`${SECRETS}/download`, (c) => {
    const secrets = computedSecrets(workplace, read(c));
    const format = c.req.query("format") ?? "json";
    if (format === "json") return c.json(secrets);
    if (format === "env" || format === "docker") {
      const quote = format === "env" ? envQuote : (value: string) => value;
      const lines = Object.entries(secrets).map(([name, value]) => `${name}=${quote(value)}`);
      return c.text(`${lines.join("\n")}\n`);
    }
    throw new DopplerError(400, `Invalid format '${format}'`);
  });

  api.post(SECRETS, async (c) => {
    const body = await readBody(c, z.object({ ...At, secrets: z.record(SecretName, z.string().nullable()) }));
    const config = requireConfig(workplace, c.get("identity"), body, "write");
    const changed = Object.entries(body.secrets);
    const reserved = changed.find(([name]) => name.startsWith("DOPPLER_"));
    if (reserved) throw new DopplerError(400, `'${reserved[0]}' is a reserved name`);
    const secrets = { ...config.secrets };
    for (const [name, value] of changed) {
      if (value === null) delete secrets[name];
      else secrets[name] = workplace.vault.encrypt(value);
    }
    const saved = save({ ...config, secrets });
    const computed = computedSecrets(workplace, saved);
    const shown = changed.flatMap(([name, value]) =>
      value === null ? [] : [[name, secretView(value, computed[name] ?? value)]],
    );
    return c.json({ secrets: Object.fromEntries(shown), success: true });
  });

  api.get("/configs/config/secret", (c) => {
    const config = read(c);
    const name = c.req.query("name") ?? "";
    const computed = computedSecrets(workplace, config)[name];
    if (computed === undefined) throw new DopplerError(404, `Could not find requested secret: ${name}`);
    const raw = rawSecrets(workplace, config)[name] ?? computed;
    return c.json({ name, value: secretView(raw, computed), success: true });
  });
  api.delete("/configs/config/secret", (c) => {
    const at = { project: c.req.query("project"), config: c.req.query("config") };
    const config = requireConfig(workplace, c.get("identity"), at, "write");
    const { [c.req.query("name") ?? ""]: gone, ...secrets } = config.secrets;
    if (gone === undefined)
      throw new DopplerError(404, `Could not find requested secret: ${c.req.query("name")}`);
    save({ ...config, secrets });
    return c.body(null, 204);
  });

  const TOKENS = "/configs/config/tokens";
  api.get(TOKENS, (c) => {
    const config = read(c);
    const tokens = workplace.serviceTokens
      .list()
      .filter((token) => token.project === config.project && token.config === config.name);
    return c.json({ tokens: tokens.map((token) => tokenView(token, config)), success: true });
  });
  api.post(TOKENS, async (c) => {
    const body = await readBody(
      c,
      z.object({
        ...At,
        name: z.string().min(1),
        access: z.enum(["read", "read/write"]).default("read"),
        expire_at: z.iso.datetime({ offset: true }).nullish(),
      }),
    );
    const config = requireConfig(workplace, c.get("identity"), body, "write");
    const key = `dp.st.${config.name}.${randomBytes(30).toString("base64url").replace(/[-_]/g, "x")}`;
    const slug = randomUUID();
    const token = workplace.serviceTokens.put(slug, {
      slug,
      name: body.name,
      project: config.project,
      config: config.name,
      access: body.access,
      created: workplace.now().toISOString(),
      expires: body.expire_at ?? null,
      hash: hashOf(key),
    });
    return c.json({ token: { ...tokenView(token, config), key }, success: true });
  });
  api.delete(TOKENS, async (c) => {
    const body = await readBody(
      c,
      z.object({ ...At, slug: z.string().optional(), token: z.string().optional() }),
    );
    const config = requireConfig(workplace, c.get("identity"), body, "write");
    const token = workplace.serviceTokens
      .list()
      .find((each) => each.slug === body.slug || (body.token && each.hash === hashOf(body.token)));
    if (token?.project !== config.project || token.config !== config.name)
      throw new DopplerError(404, "Could not find requested token");
    workplace.serviceTokens.delete(token.slug);
    return c.body(null, 204);
  });
}

function secretView(raw: string, computed: string) {
  return {
    raw,
    computed,
    note: "",
    rawVisibility: "masked",
    computedVisibility: "masked",
    rawValueType: { type: "string" },
    computedValueType: { type: "string" },
  };
}

function tokenView(token: ServiceTokenDocument, config: ConfigDocument) {
  return {
    name: token.name,
    slug: token.slug,
    project: token.project,
    environment: config.environment,
    config: token.config,
    access: token.access,
    expires_at: token.expires,
    created_at: token.created,
  };
}

/** Doppler's env format: always in double quotes. */
function envQuote(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
