import { OriginCaCertificate } from "@pulumi/cloudflare/originCaCertificate.js";
import { ComponentResource, type ComponentResourceOptions, type Output, secret } from "@pulumi/pulumi";
import { CertRequest } from "@pulumi/tls/certRequest.js";
import { PrivateKey } from "@pulumi/tls/privateKey.js";

const FIFTEEN_YEARS_IN_DAYS = 5475;

export interface OriginTlsArgs {
  /** A change of this list makes a new certificate, and with it new servers: name hosts that may come later too. */
  hostnames: [string, ...string[]];
}

/**
 * The servers' certificate, signed by Cloudflare's Origin CA, which the edge trusts and browsers don't.
 * https://developers.cloudflare.com/ssl/origin-configuration/origin-ca/
 */
export class OriginTls extends ComponentResource {
  readonly certificatePem: Output<string>;
  /** Secret. */
  readonly privateKeyPem: Output<string>;

  constructor(name: string, { hostnames }: OriginTlsArgs, options?: ComponentResourceOptions) {
    super("quayside:cloudflare:OriginTls", name, {}, options);
    const own = { parent: this };
    const key = new PrivateKey(name, { algorithm: "ECDSA", ecdsaCurve: "P256" }, own);
    const request = new CertRequest(
      name,
      { privateKeyPem: key.privateKeyPem, subject: { commonName: hostnames[0] }, dnsNames: hostnames },
      own,
    );
    const certificate = new OriginCaCertificate(
      name,
      {
        csr: request.certRequestPem,
        hostnames,
        requestType: "origin-ecc",
        requestedValidity: FIFTEEN_YEARS_IN_DAYS,
      },
      own,
    );
    this.certificatePem = certificate.certificate;
    this.privateKeyPem = secret(key.privateKeyPem);
    this.registerOutputs({});
  }
}
