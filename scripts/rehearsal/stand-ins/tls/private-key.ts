import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { z } from "zod";
import type { Live, ResourceKind } from "../provider/resource.ts";
import { opensshKey } from "./openssh.ts";
import { fromState } from "./state.ts";

const Inputs = z.object({
  algorithm: z.enum(["RSA", "ECDSA", "ED25519"]),
  rsaBits: z.number().default(2048),
  ecdsaCurve: z.enum(["P224", "P256", "P384", "P521"]).default("P224"),
});
const CURVES = { P224: "secp224r1", P256: "prime256v1", P384: "secp384r1", P521: "secp521r1" };

function generate(inputs: z.infer<typeof Inputs>): KeyObject {
  switch (inputs.algorithm) {
    case "RSA":
      return generateKeyPairSync("rsa", { modulusLength: inputs.rsaBits }).privateKey;
    case "ECDSA":
      return generateKeyPairSync("ec", { namedCurve: CURVES[inputs.ecdsaCurve] }).privateKey;
    case "ED25519":
      return generateKeyPairSync("ed25519").privateKey;
  }
}

function text(key: KeyObject, type: "pkcs1" | "pkcs8" | "sec1"): string {
  return key.export({ type, format: "pem" }).toString();
}

function describe(inputs: z.infer<typeof Inputs>, key: KeyObject): Live {
  const pkcs8 = text(key, "pkcs8");
  const traditional = { RSA: "pkcs1", ECDSA: "sec1", ED25519: "pkcs8" } as const;
  const publicKey = createPublicKey(key);
  const ssh = opensshKey(key);
  const md5 = ssh && createHash("md5").update(ssh.publicBlob).digest("hex");
  const sha256 = ssh && createHash("sha256").update(ssh.publicBlob).digest("base64");
  return {
    id: createHash("sha1")
      .update(publicKey.export({ type: "spki", format: "der" }))
      .digest("hex"),
    outputs: {
      ...inputs,
      privateKeyPem: text(key, traditional[inputs.algorithm]),
      privateKeyPemPkcs8: pkcs8,
      privateKeyOpenssh: ssh?.privatePem ?? "",
      publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
      publicKeyOpenssh: ssh ? `${ssh.authorizedKey}\n` : "",
      publicKeyFingerprintMd5: md5?.match(/../g)?.join(":") ?? "",
      publicKeyFingerprintSha256: sha256 ? `SHA256:${sha256.replace(/=+$/, "")}` : "",
    },
  };
}

/** https://www.pulumi.com/registry/packages/tls/api-docs/privatekey/ */
export const privateKey: ResourceKind<undefined> = {
  async create(_client, creation) {
    const inputs = Inputs.parse(creation.inputs);
    return describe(inputs, generate(inputs));
  },
  ...fromState,
};
