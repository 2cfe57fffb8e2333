import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { publicHalf } from "../secrets/signing-keys.ts";
import { quotedStrings, readRecord, writeRecord } from "./record.ts";
import { image } from "./testing/manifest.ts";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const signing = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const checking = publicKey.export({ type: "spki", format: "pem" }).toString();

const at = new Date(1_790_000_000_000);

const record = fc.record(
  {
    release: fc.stringMatching(/^[a-z0-9][a-z0-9.-]{2,60}$/),
    at: fc.integer({ min: 0, max: 4e9 }).map((seconds) => new Date(seconds * 1000)),
    image: fc
      .tuple(fc.stringMatching(/^[a-z0-9.-]{1,20}\/[a-z0-9/_-]{1,20}$/), fc.stringMatching(/^[0-9a-f]{64}$/))
      .map(([name, digest]) => `${name}@sha256:${digest}`),
    sealed: fc.stringMatching(/^[\w-]{1,400}$/),
  },
  { requiredKeys: ["release", "at", "image"] },
);

test("What is written is read, however DNS shows it, and no string of it is too long for DNS", () => {
  fc.assert(
    fc.property(record, fc.integer({ min: 1, max: 60 }), (wanted, cut) => {
      const content = writeRecord(wanted, signing);
      const shown = [content, quotedStrings(content), `"${content.slice(0, cut)}" "${content.slice(cut)}"`];
      for (const text of shown) expect(readRecord(text, checking)).toEqual(wanted);
      for (const part of quotedStrings(content).match(/"[^"]*"/g) ?? [])
        expect(part.length).toBeLessThanOrEqual(257);
    }),
  );
});

test("A record with one changed character is refused, or says the same", () => {
  fc.assert(
    fc.property(record, fc.nat(), fc.stringMatching(/^[ -~]$/), (wanted, place, sign) => {
      const text = writeRecord(wanted, signing);
      const at = place % text.length;
      // The last digit of the signature's base64 has bits that mean nothing.
      expect([undefined, wanted]).toContainEqual(
        readRecord(text.slice(0, at) + sign + text.slice(at + 1), checking),
      );
    }),
    { numRuns: 300 },
  );
});

test("A record that is unsigned, signed by another key, or made of two is refused", () => {
  const good = { release: "prod-v1.0.0", at, image: image("1") };
  const evil = { release: "prod-v1.0.0", at, image: image("6") };
  const other = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const [body = "", signature = ""] = writeRecord(good, signing).split(" sig=");
  const forged = writeRecord(evil, other);
  for (const text of [
    body,
    forged,
    `${forged.split(" sig=")[0]} sig=${signature}`,
    `${body} sig=${signature} image=${evil.image}`,
    `${forged} ${body} sig=${signature}`,
  ])
    expect(readRecord(text, checking)).toBeUndefined();
});

test("What is no record of a release is none", () => {
  for (const text of ["", '"v=1 release=none"', "v=spf1 -all", `v=2 release=a image=${image("1")}`])
    expect(readRecord(text, checking)).toBeUndefined();
});

test("An image without a digest, and a name with a space, are never announced", () => {
  for (const wanted of [
    { release: "prod-v1", at, image: "ghcr.io/quayside/app:latest" },
    { release: "prod-v1 image=x", at, image: image("1") },
  ])
    expect(() => writeRecord(wanted, signing)).toThrow(
      expect.objectContaining({ code: "record-unwritable", exitCode: 2 }),
    );
});

test("The public half of a key is the line that stands in its PEM", () => {
  expect(checking).toContain(`\n${publicHalf(signing)}\n`);
});

test("A signing key that is none says what to do, and does not show itself", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({
    type: "pkcs8",
    format: "pem",
  });
  for (const key of ["not-a-key-at-all", signing.replaceAll("\n", " "), rsa.toString()])
    expect(() => writeRecord({ release: "prod-v1", at, image: image("1") }, key)).toThrow(
      expect.objectContaining({
        code: "signing-key-unreadable",
        message: "RELEASE_SIGNING_KEY is no Ed25519 private key in PEM.",
      }),
    );
});
