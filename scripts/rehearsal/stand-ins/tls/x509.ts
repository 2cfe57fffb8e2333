import { createPrivateKey, createPublicKey, webcrypto } from "node:crypto";
import type { Extension, JsonName } from "@peculiar/x509";
import { z } from "zod";
import { x509Library } from "../../x509.ts";

/** The distinguished name that a program gives. */
export const Subject = z
  .object({
    commonName: z.string().optional(),
    country: z.string().optional(),
    emailAddress: z.string().optional(),
    locality: z.string().optional(),
    organization: z.string().optional(),
    organizationalUnit: z.string().optional(),
    postalCode: z.string().optional(),
    province: z.string().optional(),
    serialNumber: z.string().optional(),
    streetAddresses: z.array(z.string()).optional(),
  })
  .default({});
/** Who a certificate or a request is for. */
export const Names = z.object({
  subject: Subject,
  dnsNames: z.array(z.string()).default([]),
  ipAddresses: z.array(z.string()).default([]),
  uris: z.array(z.string()).default([]),
});

/** What a private key in PEM signs with. */
export interface Signer {
  /** As the tls package names it. */
  algorithm: "RSA" | "ECDSA" | "ED25519";
  keys: { privateKey: webcrypto.CryptoKey; publicKey: webcrypto.CryptoKey };
  signingAlgorithm: { name: string; hash?: string };
}

const CURVES: { [opensslName: string]: string } = {
  prime256v1: "P-256",
  secp384r1: "P-384",
  secp521r1: "P-521",
};

/** Reads a private key in any PEM form. */
export async function signer(pem: string): Promise<Signer> {
  const key = createPrivateKey(pem);
  const load = async (
    algorithm: Signer["algorithm"],
    parameters: webcrypto.AlgorithmIdentifier | webcrypto.EcKeyImportParams | webcrypto.RsaHashedImportParams,
    signingAlgorithm: Signer["signingAlgorithm"],
  ): Promise<Signer> => {
    const der = key.export({ type: "pkcs8", format: "der" });
    const spki = createPublicKey(key).export({ type: "spki", format: "der" });
    return {
      algorithm,
      signingAlgorithm,
      keys: {
        privateKey: await webcrypto.subtle.importKey("pkcs8", der, parameters, false, ["sign"]),
        publicKey: await webcrypto.subtle.importKey("spki", spki, parameters, true, ["verify"]),
      },
    };
  };
  switch (key.asymmetricKeyType) {
    case "rsa":
      return load(
        "RSA",
        { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
        { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
      );
    case "ed25519":
      return load("ED25519", { name: "Ed25519" }, { name: "Ed25519" });
    case "ec": {
      const namedCurve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ""];
      if (!namedCurve) throw new Error("the private key's curve can't sign here: take P256, P384 or P521");
      return load("ECDSA", { name: "ECDSA", namedCurve }, { name: "ECDSA", hash: "SHA-256" });
    }
    default:
      throw new Error("the private key is neither RSA, ECDSA nor ED25519");
  }
}

/** A subject in the form that the X.509 library takes. */
export function distinguishedName(subject: z.infer<typeof Subject>): JsonName {
  const parts: [string, string | undefined][] = [
    ["C", subject.country],
    ["ST", subject.province],
    ["L", subject.locality],
    ...(subject.streetAddresses ?? []).map((line): [string, string] => ["street", line]),
    ["2.5.4.17", subject.postalCode],
    ["O", subject.organization],
    ["OU", subject.organizationalUnit],
    ["CN", subject.commonName],
    ["2.5.4.5", subject.serialNumber],
    ["E", subject.emailAddress],
  ];
  return parts.flatMap(([type, value]) => (value ? [{ [type]: [value] }] : []));
}

/** The alternative names, where there are any. */
export async function alternativeNames(names: z.infer<typeof Names>): Promise<Extension[]> {
  const { SubjectAlternativeNameExtension } = await x509Library();
  const all = [
    ...names.dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...names.ipAddresses.map((value) => ({ type: "ip" as const, value })),
    ...names.uris.map((value) => ({ type: "url" as const, value })),
  ];
  return all.length > 0 ? [new SubjectAlternativeNameExtension(all)] : [];
}

/** Bits of the KeyUsage extension (RFC 5280 4.2.1.3), as the library counts them. */
const KEY_USAGES: { [use: string]: number } = {
  digital_signature: 1,
  content_commitment: 2,
  key_encipherment: 4,
  data_encipherment: 8,
  key_agreement: 16,
  cert_signing: 32,
  crl_signing: 64,
  encipher_only: 128,
  decipher_only: 256,
};
const EXTENDED_USAGES: { [use: string]: string } = {
  server_auth: "1.3.6.1.5.5.7.3.1",
  client_auth: "1.3.6.1.5.5.7.3.2",
  code_signing: "1.3.6.1.5.5.7.3.3",
  email_protection: "1.3.6.1.5.5.7.3.4",
  timestamping: "1.3.6.1.5.5.7.3.8",
  ocsp_signing: "1.3.6.1.5.5.7.3.9",
};

/** What a certificate may be used for, and which keys it ties together. */
export async function certificateExtensions(options: {
  allowedUses: string[];
  isCa: boolean;
  subjectKey: webcrypto.CryptoKey;
  issuerKey: webcrypto.CryptoKey;
}): Promise<Extension[]> {
  const unknown = options.allowedUses.filter((use) => !(use in KEY_USAGES) && !(use in EXTENDED_USAGES));
  if (unknown.length > 0) {
    const known = [...Object.keys(KEY_USAGES), ...Object.keys(EXTENDED_USAGES)].join(", ");
    throw new Error(`there are no uses ${unknown.join(", ")}; there are ${known}`);
  }
  const x509 = await x509Library();
  const flags = options.allowedUses.reduce((sum, use) => sum | (KEY_USAGES[use] ?? 0), 0);
  const extended = options.allowedUses.flatMap((use) => EXTENDED_USAGES[use] ?? []);
  return [
    new x509.BasicConstraintsExtension(options.isCa, undefined, true),
    ...(flags ? [new x509.KeyUsagesExtension(flags, true)] : []),
    ...(extended.length > 0 ? [new x509.ExtendedKeyUsageExtension(extended)] : []),
    await x509.SubjectKeyIdentifierExtension.create(options.subjectKey),
    await x509.AuthorityKeyIdentifierExtension.create(options.issuerKey),
  ];
}
