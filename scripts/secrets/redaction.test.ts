import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { mask, redact } from "./redaction.ts";

// What is masked stays masked until the process ends, so every test plants secrets of its own.

/** Secrets as people and generators make them: no white space around, every sign inside. */
const secret = fc
  .string({
    unit: fc.oneof(fc.constantFrom(..."aZ09+/=&<>\"'\\%$ ~é"), fc.string({ minLength: 1, maxLength: 1 })),
    minLength: 12,
  })
  .filter((text) => text.trim() === text && text.length >= 12);
const around = fc.string({ unit: "binary-ascii" });

const DISGUISES: Record<string, (value: string) => string> = {
  "as it is": (value) => value,
  "in JSON": (value) => JSON.stringify({ value }),
  "in JSON inside JSON": (value) => JSON.stringify(JSON.stringify({ value })),
  "in JSON as Go writes it": (value) =>
    JSON.stringify(value).replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
  "in a URL": (value) => `https://host/${encodeURIComponent(value)}`,
  "in a form": (value) => new URLSearchParams({ token: value }).toString(),
  "in base64": (value) => Buffer.from(value).toString("base64"),
  "in base64 for URLs": (value) => Buffer.from(value).toString("base64url"),
  "in hex": (value) => Buffer.from(value).toString("hex"),
};

for (const [name, disguise] of Object.entries(DISGUISES)) {
  test(`A known secret ${name} does not survive in any text`, () => {
    fc.assert(
      fc.property(secret, around, around, (value, before, after) => {
        mask(value);
        const hidden = disguise(value);
        expect(redact(`${before}${hidden}${after}`)).not.toContain(hidden);
      }),
      { numRuns: 60 },
    );
  });
}

test("A secret inside a longer base64 text leaves at most its edges, wherever it starts", () => {
  fc.assert(
    fc.property(secret, around, around, (value, before, after) => {
      mask(value);
      const shown = Buffer.from(
        redact(Buffer.from(`${before}${value}${after}`).toString("base64")),
        "base64",
      );
      expect(shown.toString("latin1")).not.toContain(Buffer.from(value).subarray(2, -2).toString("latin1"));
    }),
    { numRuns: 60 },
  );
});

test("A PEM key is taken out whole, in JSON, and line by line", () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  mask(pem);
  const body = pem.split("\n").slice(1, -2);
  for (const text of [pem, JSON.stringify({ pem }), `  ${pem.replaceAll("\n", "\r\n  ")}`, body.join("")]) {
    const clean = redact(text);
    for (const line of body.filter((part) => part.length >= 16)) expect(clean).not.toContain(line);
  }
});

test("Text without a secret stays as it is, and so do values too short to be one", () => {
  mask("dev");
  mask("");
  expect(redact("stack dev, 1 server, true")).toBe("stack dev, 1 server, true");
});

test("A secret that holds another one is taken out whole, not in its middle", () => {
  mask("inner-secret-1");
  mask("outer-inner-secret-1-outer");
  expect(redact("x outer-inner-secret-1-outer y")).toBe("x [secret] y");
});
