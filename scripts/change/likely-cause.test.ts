import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { likelyCause } from "./likely-cause.ts";

it("knows the engine's, the providers' and the clouds' own words", () => {
  const causes: [message: string, cause: RegExp][] = [
    ['resource "urn:x" cannot be deleted\nbecause it is protected.', /protected/],
    ["error: get stack secrets manager: incorrect passphrase", /passphrase/],
    ["error: the stack is currently locked by 1 lock(s).", /lock/],
    ["Missing required configuration variable 'quayside:domain'", /configuration/],
    ["hcloud/server: unsupported location for server type (invalid_input)", /does not offer/],
    ["server name is already used (uniqueness_error)", /exists at the provider/],
    ["Error: unable to authenticate (unauthorized, 8a1f)", /token/],
    ["Authentication error (10000)", /token/],
    ["dial tcp 127.0.0.1:1: connect: connection refused", /reached/],
    ["resource urn:x violates plan: expected resource operations", /plan/],
    ["TypeError: Cannot read properties of undefined", /program/],
  ];
  for (const [message, cause] of causes) expect(likelyCause(message)?.cause, message).toMatch(cause);
});

it("says nothing where it does not know", () => {
  expect(likelyCause("something odd happened")).toBeUndefined();
});

it("fits what the engine really said", () => {
  const text = readFileSync(new URL("fixtures/delete-protected.json", import.meta.url), "utf8");
  expect(likelyCause(text.replaceAll("\\n", "\n"))?.cause).toMatch(/protected/);
});
