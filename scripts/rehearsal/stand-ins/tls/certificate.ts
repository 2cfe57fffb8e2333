import { randomBytes } from "node:crypto";
import type { X509Certificate as Certificate } from "@peculiar/x509";
import { z } from "zod";
import { x509Library } from "../../x509.ts";
import type { PropertyMap } from "../provider/property.ts";
import type { Live, ResourceKind } from "../provider/resource.ts";
import { fromState } from "./state.ts";
import { alternativeNames, certificateExtensions, distinguishedName, Names, signer } from "./x509.ts";

const Common = z.object({
  allowedUses: z.array(z.string()),
  validityPeriodHours: z.number(),
  earlyRenewalHours: z.number().default(0),
  isCaCertificate: z.boolean().default(false),
});
const SelfSigned = Common.extend({ ...Names.shape, privateKeyPem: z.string() });
const LocallySigned = Common.extend({
  caCertPem: z.string(),
  caPrivateKeyPem: z.string(),
  certRequestPem: z.string(),
});

const HOUR_MS = 3_600_000;

function validity(hours: number): { notBefore: Date; notAfter: Date } {
  const notBefore = new Date();
  return { notBefore, notAfter: new Date(notBefore.getTime() + hours * HOUR_MS) };
}

/** Serial numbers are random and positive (RFC 5280 4.1.2.2). */
function serialNumber(): string {
  return `00${randomBytes(16).toString("hex")}`;
}

function live(inputs: PropertyMap, certificate: Certificate, extra: PropertyMap): Live {
  return {
    id: certificate.serialNumber,
    outputs: {
      ...inputs,
      ...extra,
      certPem: `${certificate.toString("pem").trim()}\n`,
      readyForRenewal: false,
      validityStartTime: certificate.notBefore.toISOString(),
      validityEndTime: certificate.notAfter.toISOString(),
    },
  };
}

/** https://www.pulumi.com/registry/packages/tls/api-docs/selfsignedcert/ */
export const selfSignedCert: ResourceKind<undefined> = {
  async create(_client, creation) {
    const inputs = SelfSigned.parse(creation.inputs);
    const { algorithm, keys, signingAlgorithm } = await signer(inputs.privateKeyPem);
    const { X509CertificateGenerator } = await x509Library();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      name: distinguishedName(inputs.subject),
      ...validity(inputs.validityPeriodHours),
      keys,
      signingAlgorithm,
      extensions: [
        ...(await certificateExtensions({
          allowedUses: inputs.allowedUses,
          isCa: inputs.isCaCertificate,
          subjectKey: keys.publicKey,
          issuerKey: keys.publicKey,
        })),
        ...(await alternativeNames(inputs)),
      ],
    });
    return live(creation.inputs, certificate, { keyAlgorithm: algorithm });
  },
  ...fromState,
};

/** https://www.pulumi.com/registry/packages/tls/api-docs/locallysignedcert/ */
export const locallySignedCert: ResourceKind<undefined> = {
  async create(_client, creation) {
    const inputs = LocallySigned.parse(creation.inputs);
    const { Pkcs10CertificateRequest, X509Certificate, X509CertificateGenerator } = await x509Library();
    const ca = new X509Certificate(inputs.caCertPem);
    const { algorithm, keys, signingAlgorithm } = await signer(inputs.caPrivateKeyPem);
    const request = new Pkcs10CertificateRequest(inputs.certRequestPem);
    const publicKey = await request.publicKey.export();
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: request.subject,
      issuer: ca.subject,
      ...validity(inputs.validityPeriodHours),
      publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm,
      extensions: [
        ...(await certificateExtensions({
          allowedUses: inputs.allowedUses,
          isCa: inputs.isCaCertificate,
          subjectKey: publicKey,
          issuerKey: keys.publicKey,
        })),
        ...request.extensions.filter((extension) => extension.type === SUBJECT_ALTERNATIVE_NAME),
      ],
    });
    return live(creation.inputs, certificate, { caKeyAlgorithm: algorithm });
  },
  ...fromState,
};

const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
