import type { PropertyValue } from "../provider/property.ts";
import { restResource } from "./rest.ts";

/** https://developers.cloudflare.com/api/resources/origin_ca_certificates/ */
export const originCaCertificate = restResource({
  token: "cloudflare:index/originCaCertificate:OriginCaCertificate",
  scope: [],
  collection: () => "/certificates",
  update: "never",
  tidy: (outputs, { inputs }) => ({
    ...outputs,
    // The API may wrap the request's lines in another way.
    ...(sameText(inputs.csr, outputs.csr) ? { csr: inputs.csr } : {}),
  }),
});

function sameText(asked: PropertyValue | undefined, live: PropertyValue | undefined): asked is string {
  const bare = (text: string): string => text.replaceAll(/\s/g, "");
  return typeof asked === "string" && (typeof live !== "string" || bare(asked) === bare(live));
}
