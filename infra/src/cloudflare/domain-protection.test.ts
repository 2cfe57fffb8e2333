import { expect, test } from "vitest";
import { quoted, spfOf } from "./domain-protection.ts";

test.each([
  ["nobody", { hosts: [], spf: [] }, "v=spf1 -all"],
  ["the hosts that take mail", { hosts: ["mx.example.net"], spf: [] }, "v=spf1 mx -all"],
  [
    "a mail service too",
    { hosts: ["mx.example.net"], spf: ["_spf.example.net"] },
    "v=spf1 mx include:_spf.example.net -all",
  ],
])("%s may send mail in the domain's name, and all others are refused", (_, mail, record) => {
  expect(spfOf({ ...mail, dkim: {} })).toBe(record);
});

test("a text that is too long for one string is cut into several", () => {
  expect(quoted("v=spf1 -all")).toBe('"v=spf1 -all"');
  expect(quoted("x".repeat(300))).toBe(`"${"x".repeat(255)}" "${"x".repeat(45)}"`);
});
