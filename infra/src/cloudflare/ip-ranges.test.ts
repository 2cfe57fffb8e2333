import { expect, test } from "vitest";
import { sortedRanges } from "./ip-ranges.ts";

test("the order in which Cloudflare publishes its ranges changes nothing", () => {
  const published = { ipv4Cidrs: ["173.245.48.0/20", "103.21.244.0/22"], ipv6Cidrs: ["2606:4700::/32"] };
  const reversed = { ...published, ipv4Cidrs: published.ipv4Cidrs.toReversed() };
  expect(sortedRanges(published)).toEqual(["103.21.244.0/22", "173.245.48.0/20", "2606:4700::/32"]);
  expect(sortedRanges(reversed)).toEqual(sortedRanges(published));
});

test.each([
  ["no IPv4 range", { ipv4Cidrs: [], ipv6Cidrs: ["2606:4700::/32"] }],
  ["no IPv6 range", { ipv4Cidrs: ["173.245.48.0/20"], ipv6Cidrs: [] }],
  ["something that is no range", { ipv4Cidrs: ["everywhere"], ipv6Cidrs: ["2606:4700::/32"] }],
])("an answer with %s makes no firewall", (_, published) => {
  expect(() => sortedRanges(published)).toThrow();
});
