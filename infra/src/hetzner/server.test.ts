import { expect, test } from "vitest";
import { firstAddress } from "./server.ts";

test.each([
  ["2001:db8:0:1::", "2001:db8:0:1::1"],
  ["2001:db8:0:1::/64", "2001:db8:0:1::1"],
  ["2001:db8:0:1::1", "2001:db8:0:1::1"],
])("a server on the IPv6 network %s is reached at %s", (network, address) => {
  expect(firstAddress(network)).toBe(address);
});
