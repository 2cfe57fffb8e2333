import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, expect, test } from "vitest";
import { previewStack } from "./preview.ts";

let world: string;
beforeAll(() => {
  world = mkdtempSync(join(tmpdir(), "secret-hashes-"));
  mkdirSync(join(world, "state"));
  writeFileSync(join(world, "Pulumi.dev.yaml"), "config: {}\n");
});
afterAll(() => rmSync(world, { recursive: true, force: true }));

/** What stands for the secrets of a group's inputs in a preview's change. */
async function hashes(inputs: pulumi.Inputs, digestKey = "digest-key-of-this-test"): Promise<unknown> {
  const { change } = await previewStack(
    {
      name: "dev",
      project: "quayside",
      infraDir: world,
      engineEnv: {
        PULUMI_BACKEND_URL: `file://${join(world, "state")}`,
        PULUMI_CONFIG_PASSPHRASE: "passphrase-of-this-test",
        PULUMI_SKIP_UPDATE_CHECK: "true",
      },
      program: async () => {
        new pulumi.ComponentResource("quayside:test:Group", "group", inputs);
        return {};
      },
    },
    { digestKey },
  );
  return change.steps.find(({ name }) => name === "group")?.after;
}

test("Equal secrets have equal hashes, others have others, wherever they stand; another key makes all of them new", async () => {
  const one = { token: pulumi.secret("one"), list: [{ inner: pulumi.secret("one") }], plain: "one" };
  const two = { ...one, list: [{ inner: pulumi.secret("two") }] };
  const first = await hashes(one);
  const hash = expect.objectContaining({ $secret: expect.stringMatching(/^[0-9a-f]{16}$/) });
  expect(first).toEqual({ token: hash, list: [{ inner: hash }], plain: "one" });
  expect(await hashes(one)).toEqual(first);

  const second = await hashes(two);
  expect(second).toMatchObject({ token: (first as { token: unknown }).token });
  expect(second).not.toEqual(first);
  expect(await hashes(one, "another-key-of-this-test")).not.toMatchObject({
    token: (first as { token: unknown }).token,
  });
});
