import { type JsonWebKey, type KeyObject, randomBytes } from "node:crypto";

const CURVES: { [jwkName: string]: string } = {
  "P-256": "nistp256",
  "P-384": "nistp384",
  "P-521": "nistp521",
};

/** A key pair in OpenSSH's forms. */
export interface OpensshKey {
  /** `ssh-ed25519 AAAA…` */
  authorizedKey: string;
  /** The public key's bytes, which fingerprints are taken of. */
  publicBlob: Buffer;
  privatePem: string;
}

/** A private key in OpenSSH's forms; undefined for keys that SSH has no name for, such as P-224's. */
export function opensshKey(key: KeyObject): OpensshKey | undefined {
  if (key.asymmetricKeyDetails?.namedCurve === "secp224r1") return undefined;
  const parts = partsOf(key.export({ format: "jwk" }));
  if (!parts) return undefined;
  const publicBlob = fields(parts.name, ...parts.publicParts);
  return {
    authorizedKey: `${parts.name} ${publicBlob.toString("base64")}`,
    publicBlob,
    privatePem: privatePem(publicBlob, fields(parts.name, ...parts.privateParts)),
  };
}

type Field = Buffer | string;

/** A key's parts in the order of RFC 4253 6.6, RFC 5656 3.1 and RFC 8709 4, and of OpenSSH's PROTOCOL.key and PROTOCOL.agent. */
function partsOf(jwk: JsonWebKey): { name: string; publicParts: Field[]; privateParts: Field[] } | undefined {
  const bytes = (part: string | undefined): Buffer => Buffer.from(part ?? "", "base64url");
  switch (jwk.kty) {
    case "RSA": {
      const [n, e, d, qi, p, q] = [jwk.n, jwk.e, jwk.d, jwk.qi, jwk.p, jwk.q].map((part) =>
        positive(bytes(part)),
      );
      if (!n || !e || !d || !qi || !p || !q) return undefined;
      return { name: "ssh-rsa", publicParts: [e, n], privateParts: [n, e, d, qi, p, q] };
    }
    case "OKP": {
      const [x, d] = [bytes(jwk.x), bytes(jwk.d)];
      return { name: "ssh-ed25519", publicParts: [x], privateParts: [x, Buffer.concat([d, x])] };
    }
    case "EC": {
      const curve = CURVES[jwk.crv ?? ""];
      if (!curve) return undefined;
      const point = Buffer.concat([Buffer.from([4]), bytes(jwk.x), bytes(jwk.y)]);
      return {
        name: `ecdsa-sha2-${curve}`,
        publicParts: [curve, point],
        privateParts: [curve, point, positive(bytes(jwk.d))],
      };
    }
    default:
      return undefined;
  }
}

/** An unencrypted private key (https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key). */
function privatePem(publicBlob: Buffer, privateBlob: Buffer): string {
  const check = randomBytes(4);
  const open = Buffer.concat([check, check, privateBlob, fields("")]);
  const padding = Buffer.from(Array.from({ length: -open.length & 7 }, (_, index) => index + 1));
  const one = Buffer.from([0, 0, 0, 1]);
  const body = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    fields("none", "none", ""),
    one,
    fields(publicBlob, Buffer.concat([open, padding])),
  ]);
  const lines = body.toString("base64").match(/.{1,70}/g) ?? [];
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

/** Byte strings, each after its length. */
function fields(...parts: Field[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const body = Buffer.from(part);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(body.length);
      return [length, body];
    }),
  );
}

/** A positive number: a first bit that is set would make it negative. */
function positive(number: Buffer): Buffer {
  return (number[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), number]) : number;
}
