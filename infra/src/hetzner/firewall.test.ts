import { expect, test } from "vitest";
import { firewallRules } from "./firewall.ts";

test("only HTTPS comes in, and only from the given ranges", () => {
  const rules = firewallRules(["103.21.244.0/22", "2606:4700::/32"]);
  expect(rules).toEqual([
    {
      description: "HTTPS from Cloudflare",
      direction: "in",
      protocol: "tcp",
      port: "443",
      sourceIps: ["103.21.244.0/22", "2606:4700::/32"],
    },
  ]);
});

test("more ranges than a rule may have are spread over rules, and none is lost", () => {
  const ranges = Array.from({ length: 205 }, (_, index) => `10.${index}.0.0/16`);
  const rules = firewallRules(ranges);
  expect(rules.map(({ sourceIps }) => sourceIps.length)).toEqual([100, 100, 5]);
  expect(rules.flatMap(({ sourceIps }) => sourceIps)).toEqual(ranges);
});

test("a firewall without visitors is refused", () => {
  expect(() => firewallRules([])).toThrow(/visitors/);
});
