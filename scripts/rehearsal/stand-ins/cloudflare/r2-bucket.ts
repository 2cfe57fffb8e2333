import { restResource } from "./rest.ts";

/** https://developers.cloudflare.com/api/resources/r2/subresources/buckets/ */
export const r2Bucket = restResource({
  token: "cloudflare:index/r2Bucket:R2Bucket",
  scope: ["accountId"],
  collection: ({ accountId }) => `/accounts/${accountId}/r2/buckets`,
  id: (result) => String(result.name),
  update: "PATCH",
  body: ({ name, location, storageClass }, when) => ({
    ...(when === "create" && name !== undefined ? { name } : {}),
    ...(when === "create" && location !== undefined ? { locationHint: location } : {}),
    ...(storageClass === undefined ? {} : { storageClass }),
  }),
  // The API may write a location hint in capitals.
  tidy: (outputs, { inputs }) =>
    String(inputs.location).toLowerCase() === String(outputs.location).toLowerCase() &&
    inputs.location !== undefined
      ? { ...outputs, location: inputs.location }
      : outputs,
});
