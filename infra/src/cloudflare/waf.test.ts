import { expect, test } from "vitest";
import { customRules, intakeRateLimit } from "./waf.ts";

const admin = (ranges: string[]) => customRules(ranges).find(({ ref }) => ref === "guard_admin")?.expression;

test("the admin is open to the configured ranges, in an order of their own", () => {
  expect(admin(["2001:db8::/32", "198.51.100.0/24"])).toMatch(
    /and not ip\.src in \{198\.51\.100\.0\/24 2001:db8::\/32\}$/,
  );
  expect(admin(["198.51.100.0/24", "2001:db8::/32"])).toBe(admin(["2001:db8::/32", "198.51.100.0/24"]));
});

test("without ranges the admin is closed to everybody", () => {
  expect(admin([])).not.toContain("ip.src");
});

test("the rules keep within a free plan: at most 5, and no regular expressions", () => {
  const rules = customRules(["198.51.100.0/24"]);
  expect(rules.length).toBeLessThanOrEqual(5);
  expect(rules.map(({ expression }) => expression).join()).not.toMatch(/\bmatches\b|~/);
  expect(new Set(rules.map(({ ref }) => ref)).size).toBe(rules.length);
});

test("the intake's limit looks at nothing but the path on a free plan, and at the intake's hosts on a paid one", () => {
  expect(intakeRateLimit("free").expression).not.toContain("http.host");
  expect(intakeRateLimit("pro").expression).toMatch(
    /^\(starts_with\(http\.host, "www\."\) or .*"app-"\)\) and \(http\.request\.uri\.path eq "\/intake"/,
  );
});
