import { ComponentResource, type ComponentResourceOptions, type Output, secret } from "@pulumi/pulumi";
import { PrivateKey } from "@pulumi/tls/privateKey.js";

/**
 * What a deployment hands to the servers in the public release record is sealed with this key's public half: the token for
 * the app's secrets above all. It can be changed at any time so, without a new birth. The servers get the private half at theirs.
 */
export class SealKey extends ComponentResource {
  /** Secret. */
  readonly privateKeyPem: Output<string>;
  readonly publicKeyPem: Output<string>;

  constructor(name: string, options?: ComponentResourceOptions) {
    super("quayside:hetzner:SealKey", name, {}, options);
    const key = new PrivateKey(name, { algorithm: "RSA", rsaBits: 2048 }, { parent: this });
    this.privateKeyPem = secret(key.privateKeyPem);
    this.publicKeyPem = key.publicKeyPem;
    this.registerOutputs({});
  }
}
