import type { ProviderDefinition } from "../provider/resource.ts";
import { packageSchema } from "../schema.ts";
import { certRequest } from "./cert-request.ts";
import { locallySignedCert, selfSignedCert } from "./certificate.ts";
import { privateKey } from "./private-key.ts";

/** What stands in for the plugin of `@pulumi/tls`; it has no cloud. */
export const tls: ProviderDefinition<undefined> = {
  schema: packageSchema("tls"),
  connect: () => undefined,
  resources: {
    "tls:index/privateKey:PrivateKey": privateKey,
    "tls:index/certRequest:CertRequest": certRequest,
    "tls:index/selfSignedCert:SelfSignedCert": selfSignedCert,
    "tls:index/locallySignedCert:LocallySignedCert": locallySignedCert,
  },
  functions: {},
};
