import { createHash } from "node:crypto";
import type { Context } from "hono";
import { DopplerError } from "./error.ts";
import {
  type ConfigDocument,
  requireProject,
  type ServiceTokenDocument,
  type Workplace,
} from "./workplace.ts";

/** Who asks: the workplace's own token, or a service token that knows one config only. */
export type Identity = { kind: "owner" } | { kind: "service"; token: ServiceTokenDocument };

/** By `Authorization: Bearer TOKEN`, or Basic with the token as user name. @throws DopplerError 401 */
export function identify(context: Context, workplace: Workplace, ownerToken: string): Identity {
  const [scheme = "", value = ""] = (context.req.header("authorization") ?? "").split(" ");
  const token =
    scheme.toLowerCase() === "basic"
      ? Buffer.from(value, "base64").toString("utf8").replace(/:.*$/s, "")
      : scheme.toLowerCase() === "bearer"
        ? value
        : "";
  if (token === "") throw new DopplerError(401, "Invalid Auth header");
  if (token === ownerToken) return { kind: "owner" };
  const found = workplace.serviceTokens.list().find((each) => each.hash === hashOf(token));
  if (
    found === undefined ||
    (found.expires !== null && Date.parse(found.expires) <= workplace.now().getTime())
  )
    throw new DopplerError(401, "Invalid Service token");
  return { kind: "service", token: found };
}

/**
 * The config that a request means: by `project` and `config`, which a service token need not name.
 *
 * @throws DopplerError 403 for a service token of another config, or one that only reads
 */
export function requireConfig(
  workplace: Workplace,
  identity: Identity,
  named: { project?: string | undefined; config?: string | undefined },
  purpose: "read" | "write",
): ConfigDocument {
  const own = identity.kind === "service" ? identity.token : undefined;
  const project = named.project ?? own?.project;
  const name = named.config ?? own?.config;
  if (own && (own.project !== project || own.config !== name))
    throw new DopplerError(403, `This token does not have access to requested config '${name}'`);
  if (own?.access === "read" && purpose === "write")
    throw new DopplerError(403, "This token does not have access to write secrets");
  if (!name) throw new DopplerError(400, "You must provide a config");
  const config = workplace.configs.get(`${requireProject(workplace, project).name}/${name}`);
  if (config === undefined) throw new DopplerError(404, `Could not find requested config '${name}'`);
  return config;
}

/** @throws DopplerError 403 for service tokens, which know nothing but their config */
export function assertOwner(identity: Identity): void {
  if (identity.kind !== "owner")
    throw new DopplerError(403, "This token does not have access to the requested resource");
}

export function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
