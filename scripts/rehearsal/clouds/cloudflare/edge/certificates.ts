import { webcrypto } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import type * as X509 from "@peculiar/x509";
import { x509Library } from "../../../x509.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const YEARS_10 = 10 * 365 * 24 * 3600 * 1000;

/** A certificate authority that is kept in the world, and what it signs. */
export interface Authority {
  /** PEM. */
  certificate: string;
  issuer: X509.X509Certificate;
  key: webcrypto.CryptoKey;
}

/** Opens the authority `<name>.pem` with its key `<name>-key.pem`, or founds it. */
export async function openAuthority(world: string, name: string, subject: string): Promise<Authority> {
  const x509 = await x509Library();
  const certificatePath = join(world, `${name}.pem`);
  const keyPath = join(world, `${name}-key.pem`);
  if (existsSync(certificatePath) && existsSync(keyPath)) {
    const certificate = readFileSync(certificatePath, "utf8");
    const key = await webcrypto.subtle.importKey(
      "pkcs8",
      x509.PemConverter.decodeFirst(readFileSync(keyPath, "utf8")),
      ALGORITHM,
      true,
      ["sign"],
    );
    return { certificate, issuer: new x509.X509Certificate(certificate), key };
  }
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const issuer = await x509.X509CertificateGenerator.createSelfSigned({
    name: subject,
    notBefore: new Date(Date.now() - 24 * 3600 * 1000),
    notAfter: new Date(Date.now() + YEARS_10),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  write(keyPath, x509.PemConverter.encode(pkcs8, "PRIVATE KEY"));
  const certificate = `${issuer.toString("pem")}\n`;
  write(certificatePath, certificate);
  return { certificate, issuer, key: keys.privateKey };
}

function write(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export interface Signing {
  hostnames: string[];
  publicKey: X509.PublicKeyType;
  notBefore: Date;
  notAfter: Date;
  subject: string;
}

/** Signs a server certificate for hostnames (wildcards allowed). */
export async function signServer(authority: Authority, signing: Signing): Promise<X509.X509Certificate> {
  const x509 = await x509Library();
  return x509.X509CertificateGenerator.create({
    subject: signing.subject,
    issuer: authority.issuer.subject,
    notBefore: signing.notBefore,
    notAfter: signing.notAfter,
    signingAlgorithm: ALGORITHM,
    publicKey: signing.publicKey,
    signingKey: authority.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
        true,
      ),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension(
        signing.hostnames.map((value) => ({ type: "dns" as const, value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(authority.issuer.publicKey),
    ],
  });
}

/** TLS contexts for any hostname, all with one key, made when first asked for. */
export function serverContexts(authority: Authority): (hostname: string) => Promise<SecureContext> {
  const contexts = new Map<string, Promise<SecureContext>>();
  let keys: Promise<{ pair: webcrypto.CryptoKeyPair; pem: string }> | undefined;
  const make = async (hostname: string): Promise<SecureContext> => {
    const x509 = await x509Library();
    keys ??= webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]).then(async (pair) => ({
      pair,
      pem: x509.PemConverter.encode(
        await webcrypto.subtle.exportKey("pkcs8", pair.privateKey),
        "PRIVATE KEY",
      ),
    }));
    const { pair, pem } = await keys;
    const certificate = await signServer(authority, {
      hostnames: [hostname],
      publicKey: pair.publicKey,
      subject: `CN=${hostname.slice(0, 64)}`,
      notBefore: new Date(Date.now() - 24 * 3600 * 1000),
      notAfter: new Date(Date.now() + 90 * 24 * 3600 * 1000),
    });
    return createSecureContext({
      key: pem,
      cert: `${certificate.toString("pem")}\n${authority.certificate}`,
      minVersion: "TLSv1.2",
    });
  };
  return (hostname) => {
    const context = contexts.get(hostname) ?? make(hostname);
    contexts.set(hostname, context);
    return context;
  };
}
