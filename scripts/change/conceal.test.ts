import fc from "fast-check";
import { expect, it } from "vitest";
import { conceal, scrubber } from "./conceal.ts";
import { value } from "./fixtures/arbitrary.ts";
import { isSecret, type Value } from "./model.ts";

const hash = () => "h";

it("hides the old value of what becomes a secret, also where a list shifted", () => {
  const before = {
    env: [
      { name: "A", value: "plain-a" },
      { name: "B", value: "hunter2-long" },
    ],
  };
  const after = {
    env: [
      { name: "NEW", value: "n" },
      { name: "A", value: "plain-a" },
      { name: "B", value: { $secret: "x" } },
    ],
  };
  const concealed = conceal(before, after, hash);
  expect(concealed.before).toEqual({
    env: [
      { name: "A", value: "plain-a" },
      { name: "B", value: { $secret: "h" } },
    ],
  });
  expect(concealed.texts).toEqual(["hunter2-long"]);
});

it("hides the new value of what was a secret", () => {
  const concealed = conceal({ token: { $secret: "x" } }, { token: "now-in-clear" }, hash);
  expect(concealed.after).toEqual({ token: { $secret: "h" } });
});

it("hides what is inside of a thing that becomes a secret as a whole, and takes it for known", () => {
  const concealed = conceal({ db: { user: "u", password: "hunter2-long" } }, { db: { $secret: "x" } }, hash);
  expect(concealed.before).toEqual({ db: { $secret: "h" } });
  expect(concealed.texts).toContain("hunter2-long");
});

it("leaves nothing in clear that is secret on the other side, whatever the values are", () => {
  fc.assert(
    fc.property(value, value, fc.string(), (one, other, key) => {
      const path = `p${key.length}`;
      const hidden = conceal({ [path]: one, x: 1 }, { [path]: { $secret: "" }, x: other }, hash);
      expect(isSecret(hidden.before?.[path])).toBe(true);
      expect(hidden.after?.x).toEqual(other);
    }),
  );
});

it("changes nothing where there is no secret", () => {
  const before: { [key: string]: Value } = { a: [1, { b: "c" }] };
  expect(conceal(before, { a: 2 }, hash)).toEqual({ before, after: { a: 2 }, texts: [], paths: [] });
});

it("scrubs long texts only, and takes them literally", () => {
  const scrub = scrubber(["dev", "a.b*c(d)[e]", "a.b*c(d)[e]-longer"]);
  expect(scrub("dev a.b*c(d)[e] and a.b*c(d)[e]-longer, aXbbc")).toBe("dev [secret] and [secret], aXbbc");
});
