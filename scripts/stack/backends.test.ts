import { expect, test } from "vitest";
import { backendOf } from "./backends.ts";

test.each([
  ["file:///var/state", "file"],
  ["s3://bucket?endpoint=account.r2.cloudflarestorage.com&region=auto", "bucket"],
  ["https://api.pulumi.com", "pulumi-cloud"],
  ["", "pulumi-cloud"],
  [undefined, "pulumi-cloud"],
])("%s is a backend of the kind %s, and says what it lacks", (url, kind) => {
  expect(backendOf(url)).toMatchObject({ kind, lacks: expect.arrayContaining([expect.any(String)]) });
});

test("An address that no backend has is none of them", () => {
  expect(backendOf("ftp://somewhere")).toBeUndefined();
});
