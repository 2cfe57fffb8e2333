import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cloudflareInventory } from "../providers/cloudflare-inventory.ts";
import { hetznerInventory } from "../providers/hetzner-inventory.ts";
import { applyStack } from "../stack/apply.ts";
import { exportCheckpoint } from "../stack/checkpoint.ts";
import { previewStack } from "../stack/preview.ts";
import type { StackTarget } from "../stack/target.ts";
import { OUTPUTS } from "../stack/testing/outputs.ts";
import { reconcile } from "./reconcile.ts";

// The real engine with a program that needs no provider, and inventories that nobody is home at: nothing is there to be found.

const TYPE = "quayside:test:Group";
let world: string;

beforeAll(() => {
  world = mkdtempSync(join(tmpdir(), "reconcile-"));
  for (const folder of ["infra", "state"]) mkdirSync(join(world, folder));
  writeFileSync(join(world, "infra", "Pulumi.yaml"), "name: quayside\nruntime: nodejs\n");
  writeFileSync(join(world, "infra", "Pulumi.dev.yaml"), "config: {}\n");
});
afterAll(() => rmSync(world, { recursive: true, force: true }));

function target(groups: readonly string[]): StackTarget {
  return {
    name: "dev",
    project: "quayside",
    infraDir: join(world, "infra"),
    engineEnv: {
      PULUMI_BACKEND_URL: `file://${join(world, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "passphrase-of-this-test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    },
    program: async () => {
      for (const name of groups) new pulumi.ComponentResource(TYPE, name, {});
      return { ...OUTPUTS };
    },
  };
}

test("Creations that were under way and came to nothing are settled, though no cloud has a trace of them", async () => {
  await applyStack(target(["a"]));
  const file = join(world, "state", ".pulumi", "stacks", "quayside", "dev.json");
  const state = JSON.parse(readFileSync(file, "utf8"));
  const urn = `urn:pulumi:dev::quayside::${TYPE}::b`;
  state.checkpoint.latest.pending_operations = [
    { type: "creating", resource: { urn, custom: false, type: TYPE } },
  ];
  writeFileSync(file, JSON.stringify(state));

  const wanted = target(["a", "b"]);
  const planFile = join(world, "plan.json");
  const look = () => previewStack(wanted, { digestKey: "digest-key-of-this-test", planFile });
  const kept: unknown[] = [];
  const mended = await reconcile({
    target: wanted,
    preview: await look(),
    planFile,
    doubtful: false,
    clouds: (zoneId) => ({
      hetzner: hetznerInventory("token", "http://127.0.0.1:1/v1"),
      cloudflare: cloudflareInventory("token", "http://127.0.0.1:1/client/v4"),
      zoneId,
    }),
    again: look,
    backup: (checkpoint) => kept.push(checkpoint),
  });
  expect(mended).toMatchObject({
    adopted: [],
    doubted: [urn],
    report: ["Group b was being created and is not there: it is created again"],
    state: { deployment: { pending_operations: [] } },
  });
  expect(kept).toMatchObject([{ deployment: { pending_operations: [{ type: "creating" }] } }]);

  await applyStack(wanted, { planFile });
  const { deployment } = await exportCheckpoint(wanted);
  expect(deployment.pending_operations).toEqual([]);
  expect(deployment.resources.map((resource) => resource.urn)).toContain(urn);
}, 60_000);
