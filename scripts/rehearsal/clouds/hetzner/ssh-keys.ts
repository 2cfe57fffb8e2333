import { createHash } from "node:crypto";
import type { Hono } from "hono";
import { z } from "zod";
import { HetznerError } from "./error.ts";
import { Labels } from "./labels.ts";
import { listResponse } from "./listing.ts";
import type { SshKeyDocument } from "./model.ts";
import {
  assertBelowLimit,
  assertNameIsFree,
  nextId,
  type Project,
  requireDocument,
  timestamp,
} from "./project.ts";
import { Name, pathId, readBody } from "./request.ts";

const PublicKey = z
  .string()
  .regex(
    /^(ssh-(rsa|ed25519)|ecdsa-sha2-\S+|sk-\S+) [A-Za-z0-9+/=]+( .*)?\s*$/,
    "is not a valid SSH public key",
  );

export function sshKeyRoutes(api: Hono, project: Project): void {
  const find = (id: number) => requireDocument(project, "sshKeys", id);

  api.get("/ssh_keys", (c) => {
    const fingerprint = c.req.query("fingerprint");
    const listed = project.sshKeys
      .list()
      .filter((key) => fingerprint === undefined || key.fingerprint === fingerprint);
    return listResponse(c, "ssh_keys", listed, sshKeyView);
  });
  api.get("/ssh_keys/:id", (c) => c.json({ ssh_key: sshKeyView(find(pathId(c))) }));

  api.post("/ssh_keys", async (c) => {
    const body = await readBody(
      c,
      z.object({ name: Name, public_key: PublicKey, labels: Labels.default({}) }),
    );
    assertNameIsFree(project, "sshKeys", body.name);
    assertBelowLimit(project, "sshKeys");
    const fingerprint = fingerprintOf(body.public_key);
    if (project.sshKeys.list().some((key) => key.fingerprint === fingerprint))
      throw new HetznerError("uniqueness_error", "SSH key with the same fingerprint already exists", {
        fields: [{ name: "public_key" }],
      });
    const key: SshKeyDocument = {
      id: nextId(project, "sshKeys"),
      name: body.name,
      created: timestamp(project.now()),
      labels: body.labels,
      fingerprint,
      publicKey: body.public_key.trim(),
    };
    project.sshKeys.put(key.id, key);
    return c.json({ ssh_key: sshKeyView(key) }, 201);
  });

  api.put("/ssh_keys/:id", async (c) => {
    const key = find(pathId(c));
    const body = await readBody(c, z.object({ name: Name.optional(), labels: Labels.optional() }));
    if (body.name !== undefined) assertNameIsFree(project, "sshKeys", body.name, key.id);
    const updated = project.sshKeys.put(key.id, {
      ...key,
      name: body.name ?? key.name,
      labels: body.labels ?? key.labels,
    });
    return c.json({ ssh_key: sshKeyView(updated) });
  });

  api.delete("/ssh_keys/:id", (c) => {
    project.sshKeys.delete(find(pathId(c)).id);
    return c.body(null, 204);
  });
}

/** MD5 of the key's bytes with colons, as the API shows it. */
function fingerprintOf(publicKey: string): string {
  const bytes = Buffer.from(publicKey.split(" ")[1] ?? "", "base64");
  return createHash("md5").update(bytes).digest("hex").match(/../g)?.join(":") ?? "";
}

function sshKeyView(key: SshKeyDocument) {
  return {
    id: key.id,
    name: key.name,
    fingerprint: key.fingerprint,
    public_key: key.publicKey,
    labels: key.labels,
    created: key.created,
  };
}
