import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { x509Library } from "../../x509.ts";
import type { PropertyMap } from "../provider/property.ts";
import { tls } from "./provider.ts";

const make = async (type: string, inputs: PropertyMap): Promise<{ [output: string]: string }> => {
  const kind = tls.resources[type];
  if (!kind) throw new Error(`no ${type}`);
  const { outputs } = await kind.create(undefined, { inputs, created: () => {} });
  return Object.fromEntries(Object.entries(outputs).map(([key, value]) => [key, String(value)]));
};
const KEY = "tls:index/privateKey:PrivateKey";
const REQUEST = "tls:index/certRequest:CertRequest";

describe.each([
  { algorithm: "RSA", type: "rsa", ssh: "ssh-rsa", traditional: "RSA PRIVATE KEY" },
  {
    algorithm: "ECDSA",
    ecdsaCurve: "P256",
    type: "ec",
    ssh: "ecdsa-sha2-nistp256",
    traditional: "EC PRIVATE KEY",
  },
  { algorithm: "ED25519", type: "ed25519", ssh: "ssh-ed25519", traditional: "PRIVATE KEY" },
])("a $algorithm key", ({ algorithm, ecdsaCurve, type, ssh, traditional }) => {
  test("is one key in all its forms, and signs a request for its names", async () => {
    const key = await make(KEY, ecdsaCurve ? { algorithm, ecdsaCurve } : { algorithm });
    const pem = key.privateKeyPem ?? "";
    expect(pem).toMatch(new RegExp(`^-----BEGIN ${traditional}-----\n`));
    expect(createPrivateKey(pem).asymmetricKeyType).toBe(type);
    const publicPem = createPublicKey(pem).export({ type: "spki", format: "pem" });
    expect(key.publicKeyPem).toBe(publicPem);
    expect(createPublicKey(key.privateKeyPemPkcs8 ?? "").export({ type: "spki", format: "pem" })).toBe(
      publicPem,
    );
    expect(key.publicKeyOpenssh).toMatch(new RegExp(`^${ssh} AAAA`));
    expect(key.publicKeyFingerprintSha256).toMatch(/^SHA256:[\w+/]{43}$/);

    const request = await make(REQUEST, {
      privateKeyPem: pem,
      subject: { commonName: "example.com", organization: "Quayside" },
      dnsNames: ["example.com", "*.example.com"],
    });
    const { Pkcs10CertificateRequest } = await x509Library();
    const parsed = new Pkcs10CertificateRequest(request.certRequestPem ?? "");
    expect(await parsed.verify()).toBe(true);
    expect(parsed.subject).toContain("CN=example.com");
    expect(request.keyAlgorithm).toBe(algorithm);
  });
});

test("a certificate that a local authority signs is for the request's names, and the authority vouches for it", async () => {
  const key = (await make(KEY, { algorithm: "ECDSA", ecdsaCurve: "P256" })).privateKeyPem ?? "";
  const ca = await make("tls:index/selfSignedCert:SelfSignedCert", {
    privateKeyPem: key,
    allowedUses: ["cert_signing"],
    validityPeriodHours: 48,
    isCaCertificate: true,
    subject: { commonName: "A CA for tests" },
  });
  const request = await make(REQUEST, { privateKeyPem: key, dnsNames: ["example.com"] });
  const leaf = await make("tls:index/locallySignedCert:LocallySignedCert", {
    caCertPem: ca.certPem ?? "",
    caPrivateKeyPem: key,
    certRequestPem: request.certRequestPem ?? "",
    validityPeriodHours: 24,
    allowedUses: ["server_auth"],
  });
  const [authority, certificate] = [
    new X509Certificate(ca.certPem ?? ""),
    new X509Certificate(leaf.certPem ?? ""),
  ];
  expect(authority.ca).toBe(true);
  expect(certificate.checkIssued(authority)).toBe(true);
  expect(certificate.verify(authority.publicKey)).toBe(true);
  expect(certificate.checkHost("example.com")).toBe("example.com");
  expect(Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)).toBe(24 * 3_600_000);
});

test("a key can't be imported, as nothing but a state has it", async () => {
  const kind = tls.resources[KEY];
  await expect(kind?.read(undefined, { id: "x", inputs: {}, outputs: {} })).rejects.toThrow(
    "can't be imported",
  );
});
