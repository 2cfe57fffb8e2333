import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitsExpression } from "./compiled.ts";
import { evaluate } from "./evaluate.ts";
import { factsOf } from "./facts.ts";
import { parseRule, type Rule } from "./parser.ts";

function fits(
  expression: string,
  url: string,
  options: { method?: string; headers?: Record<string, string>; ip?: string } = {},
) {
  const visit = {
    url: new URL(url),
    method: options.method ?? "GET",
    headers: new Headers(options.headers),
    ip: options.ip ?? "203.0.113.7",
  };
  return fitsExpression(expression, factsOf(visit, new Date(0), "example.com", "ray"));
}

describe("a rule fits", () => {
  const url = "https://app.example.com/Admin/login?next=%2F&a=1";
  test.each([
    ['http.host eq "app.example.com"', true],
    ['http.host == "www.example.com"', false],
    ['http.request.uri.path contains "/Admin"', true],
    ['http.request.uri.path contains "/admin"', false],
    ['lower(http.request.uri.path) contains "/admin"', true],
    ['starts_with(http.request.uri.path, "/Admin/")', true],
    ['not starts_with(http.request.uri.path, "/Admin/")', false],
    ['ends_with(http.request.uri, "a=1")', true],
    ['http.request.uri.path wildcard "/admin/*"', true],
    ['http.request.uri.path strict wildcard "/admin/*"', false],
    ['http.request.uri.path matches r"^/[A-Z]dmin"', true],
    ['http.request.method in {"POST" "GET"}', true],
    ["ip.src in {203.0.113.0/24 2001:db8::/32}", true],
    ["ip.src in {203.0.113.8..203.0.113.20}", false],
    ["ip.src eq 203.0.113.7", true],
    ["ip.src ne 203.0.113.7", false],
    ["ssl", true],
    ["not ssl or cf.threat_score gt 10", false],
    ["cf.threat_score le 0 and ssl", true],
    ["ssl xor ssl", false],
    ["len(http.request.uri.query) gt 5", true],
    ['url_decode(http.request.uri.query) eq "next=/&a=1"', true],
    ['any(http.request.headers["x-team"][*] eq "red")', true],
    ['http.request.headers["x-team"][0] eq "red"', true],
    ['http.request.headers["x-none"][0] eq "red"', false],
    ['http.request.headers["x-none"][0] ne "red"', true],
    ['any(lower(http.request.headers.names[*])[*] eq "x-team")', true],
    ['http.request.uri.args["a"][0] == "1"', true],
    ['http.cookie contains "session="', true],
    ['http.user_agent contains "curl" && !(http.host eq "x")', true],
    ['(http.request.uri.path contains "/.env") or (http.request.uri.path contains "/.git")', false],
    ['http.request.uri.path contains "\\"" or true', true],
    ['http.request.uri.path eq r#"/a"b"#', false],
  ] as [string, boolean][])("%s is %s", (expression, expected) => {
    const headers = { "x-team": "red", cookie: "session=1", "user-agent": "curl/8" };
    expect(fits(expression, url, { headers })).toBe(expected);
  });

  test("by and before xor before or, as Cloudflare orders them", () => {
    expect(fits("true or true and false", url)).toBe(true);
    expect(fits("true xor true and false", url)).toBe(true);
    expect(fits("true or true xor true", url)).toBe(true);
    expect(fits("(true or true) xor true", url)).toBe(false);
    expect(fits("not false and false", url)).toBe(false);
  });

  test("on a path that is encoded to hide it", () => {
    expect(fits('http.request.uri.path eq "/.env"', "https://a.example.com/%2eenv")).toBe(true);
    expect(fits('http.request.uri.path contains "/wp-admin"', "https://a.example.com//wp%2dadmin/")).toBe(
      true,
    );
  });
});

describe("a rule is refused with its place", () => {
  test.each([
    ['http.hos eq "x"', /\(1:1\):\nhttp\.hos eq "x"\n\^{8} unknown identifier/],
    ["http.host eq 5", /expected value of type String/],
    ['http.host eq "x" and', /expected a field or a function/],
    ['(http.host eq "x"', /expected literal "\)"/],
    ['http.host eq "x" garbage', /unrecognised input/],
    ['http.host eq "x', /missing ending quote/],
    ['ip.src eq "203.0.113.7"', /expected value of type Ip/],
    ["ip.src in {203.0.113.0/33}", /invalid network/],
    ["ip.src in $office", /unknown list/],
    ["http.host", /expected a comparison operator/],
    ["cf.threat_score contains 5", /can't be used with Int/],
    ['http.host wildcard "a**"', /two stars/],
    ['http.host matches "("', /invalid regular expression/],
    ['lower(http.host, "x") eq "x"', /takes 1 arguments, got 2/],
    ["len(ip.src) eq 4", /must be String/],
    ['nope(http.host) eq "x"', /unknown function/],
    ['http.request.headers["a"][*] eq "x"', /only be used inside any/],
    ["", /expected a field or a function/],
  ])("%s", (expression, message) => {
    expect(() => parseRule(expression)).toThrow(message);
  });
});

/** A rule as text with brackets around every part, beside the truth that it must have. */
const rules: fc.Arbitrary<{ text: string; truth: boolean }> = fc.letrec<{
  rule: { text: string; truth: boolean };
  leaf: { text: string; truth: boolean };
}>((tie) => ({
  leaf: fc.oneof(
    fc.boolean().map((truth) => ({ text: String(truth), truth })),
    fc
      .tuple(fc.integer({ min: -5, max: 5 }), fc.constantFrom("eq", "ne", "lt", "le", "gt", "ge"))
      .map(([n, operator]) => ({
        text: `cf.threat_score ${operator} ${n}`,
        truth: { eq: n === 0, ne: n !== 0, lt: n > 0, le: n >= 0, gt: n < 0, ge: n <= 0 }[
          operator
        ] as boolean,
      })),
    fc.string({ maxLength: 6 }).map((needle) => ({
      text: `http.user_agent contains "${needle.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`,
      truth: AGENT.includes(needle),
    })),
  ),
  rule: fc.oneof(
    { maxDepth: 5 },
    tie("leaf"),
    tie("rule").map(({ text, truth }) => ({ text: `not (${text})`, truth: !truth })),
    fc
      .tuple(tie("rule"), fc.constantFrom("and", "or", "xor", "&&", "||", "^^"), tie("rule"))
      .map(([a, operator, b]) => ({
        text: `(${a.text}) ${operator} (${b.text})`,
        truth:
          operator === "and" || operator === "&&"
            ? a.truth && b.truth
            : operator === "or" || operator === "||"
              ? a.truth || b.truth
              : a.truth !== b.truth,
      })),
  ),
})).rule;
const AGENT = 'Mozilla "5.0" \\ (x)';

test("any tree of and, or, xor, not over comparisons has the truth that logic gives it", () => {
  const facts = { "cf.threat_score": 0, "http.user_agent": AGENT };
  fc.assert(
    fc.property(rules, ({ text, truth }) => {
      expect(evaluate(parseRule(text), facts)).toBe(truth);
    }),
    { numRuns: 500 },
  );
});

test("any text is either a rule or refused with a place, never a crash", () => {
  const words = fc.constantFrom(
    "http.host",
    "eq",
    "in",
    "{",
    "}",
    "(",
    ")",
    '"a"',
    "1.2.3.4/8",
    "not",
    "and",
    "[",
    "*",
    "]",
    "any",
    ",",
    "ssl",
    "1..2",
    'r"',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(words, fc.string({ maxLength: 4 })), { maxLength: 10 }), (parts) => {
      let rule: Rule | undefined;
      try {
        rule = parseRule(parts.join(" "));
      } catch (error) {
        expect((error as Error).message).toMatch(/^Filter parsing error \(\d+:\d+\)/);
      }
      if (rule) expect(typeof evaluate(rule, {})).toBe("boolean");
    }),
    { numRuns: 500 },
  );
});
