import { restResource } from "./rest.ts";

/** https://developers.cloudflare.com/api/resources/turnstile/subresources/widgets/ */
export const turnstileWidget = restResource({
  token: "cloudflare:index/turnstileWidget:TurnstileWidget",
  scope: ["accountId"],
  collection: ({ accountId }) => `/accounts/${accountId}/challenges/widgets`,
  id: (result) => String(result.sitekey),
  update: "PUT",
});
