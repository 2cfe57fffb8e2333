import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeFiles } from "./testing/checkout.ts";
import { switchTurnstileOn } from "./turnstile.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "turnstile-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (file: string) => readFileSync(join(folder, file), "utf8");
const headers = `/*
  Content-Security-Policy: default-src 'none'; script-src 'self'; frame-ancestors 'none'
  Referrer-Policy: no-referrer
`;

test("A page with a place for the widget gets the key, and its policy lets the widget in", () => {
  writeFiles(folder, {
    "index.html": '<div data-turnstile-site-key=""></div>',
    "about.html": "<p>data-turnstile-site-key</p>",
    _headers: headers,
  });
  switchTurnstileOn(folder, "0x4AAA");
  expect(read("index.html")).toBe('<div data-turnstile-site-key="0x4AAA"></div>');
  expect(read("about.html")).toBe("<p>data-turnstile-site-key</p>");
  expect(read("_headers")).toBe(`/*
  Content-Security-Policy: default-src 'none'; script-src 'self' https://challenges.cloudflare.com; frame-ancestors 'none'; frame-src https://challenges.cloudflare.com
  Referrer-Policy: no-referrer
`);
});

test("A directive that allowed nothing allows the widget, and nothing else", () => {
  writeFiles(folder, {
    "index.html": '<div data-turnstile-site-key=""></div>',
    _headers: "/*\n  content-security-policy: script-src 'none'; frame-src 'none'\n",
  });
  switchTurnstileOn(folder, "0x4AAA");
  expect(read("_headers")).toBe(
    "/*\n  content-security-policy: script-src https://challenges.cloudflare.com; frame-src https://challenges.cloudflare.com\n",
  );
});

test("A site without a place for it stays as it is", () => {
  writeFiles(folder, { "index.html": "<p>No form here</p>", _headers: headers });
  switchTurnstileOn(folder, "0x4AAA");
  expect(read("_headers")).toBe(headers);
});
