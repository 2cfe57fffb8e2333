import { expect, test } from "vitest";
import { Checkpoint, type StateResource } from "./checkpoint.ts";
import { type Goal, UNKNOWN } from "./plan-goals.ts";
import { repairCheckpoint } from "./repair.ts";

const ROOT = "urn:pulumi:dev::quayside::pulumi:pulumi:Stack::quayside-dev";
const GROUP = "urn:pulumi:dev::quayside::quayside:hetzner:Network::network";
const NETWORK = "urn:pulumi:dev::quayside::quayside:hetzner:Network$hcloud:index/network:Network::network";
const PROVIDER = "urn:pulumi:dev::quayside::pulumi:providers:hcloud::default_1_41_0";

function goal(type: string, changes: Partial<Goal> = {}): Goal {
  return {
    type,
    name: "network",
    custom: true,
    inputDiff: { adds: {}, updates: {}, deletes: [] },
    protect: false,
    dependencies: [],
    propertyDependencies: {},
    additionalSecretOutputs: [],
    steps: ["create"],
    ...changes,
  };
}
const added = (adds: Record<string, unknown>) => ({ adds, updates: {}, deletes: [] });
const goals = new Map<string, Goal>([
  [ROOT, goal("pulumi:pulumi:Stack", { custom: false })],
  [GROUP, goal("quayside:hetzner:Network", { custom: false, parent: ROOT })],
  [PROVIDER, goal("pulumi:providers:hcloud", { inputDiff: added({ version: "1.41.0" }) })],
  [
    NETWORK,
    goal("hcloud:index/network:Network", {
      parent: GROUP,
      inputDiff: added({ name: "quayside-dev-network", later: UNKNOWN, secret: { ciphertext: "v1:x" } }),
      dependencies: [GROUP, "urn:pulumi:dev::quayside::nobody:knows:This::one"],
      additionalSecretOutputs: ["secret"],
    }),
  ],
]);
const state = (resources: StateResource[], pending: unknown[] = []) =>
  Checkpoint.parse({
    version: 3,
    deployment: { manifest: { time: "now" }, resources, pending_operations: pending },
  });
const root: StateResource = { urn: ROOT, custom: false, type: "pulumi:pulumi:Stack" };

test("A found resource goes into an empty state after all that must stand before it, as the plan wants it", () => {
  const { checkpoint, adopted } = repairCheckpoint(state([]), goals, [{ urn: NETWORK, id: "42" }]);
  const { resources } = checkpoint.deployment;
  expect(resources.map(({ urn }) => urn)).toEqual([ROOT, GROUP, PROVIDER, NETWORK]);
  expect(resources.at(-1)).toMatchObject({
    id: "42",
    parent: GROUP,
    provider: `${PROVIDER}::${resources[2]?.id}`,
    inputs: { name: "quayside-dev-network", secret: { ciphertext: "v1:x" } },
    dependencies: [GROUP],
    additionalSecretOutputs: ["secret"],
  });
  expect(resources.at(-1)?.inputs).not.toHaveProperty("later");
  expect(adopted).toEqual([NETWORK]);
  expect(checkpoint.deployment.manifest).toEqual({ time: "now" });
});

test("What was made to replace another takes its place, and the other one is left to be deleted", () => {
  const before: StateResource = { urn: NETWORK, custom: true, type: "hcloud:index/network:Network", id: "7" };
  const { checkpoint } = repairCheckpoint(state([root, before]), goals, [{ urn: NETWORK, id: "42" }]);
  expect(
    checkpoint.deployment.resources.flatMap((each) => (each.urn === NETWORK ? [[each.id, each.delete]] : [])),
  ).toEqual([
    ["7", true],
    ["42", undefined],
  ]);
});

test("What the state has under that id already is left alone", () => {
  const before: StateResource = {
    urn: NETWORK,
    custom: true,
    type: "hcloud:index/network:Network",
    id: "42",
  };
  const { checkpoint, adopted } = repairCheckpoint(state([root, before]), goals, [
    { urn: NETWORK, id: "42" },
  ]);
  expect(adopted).toEqual([]);
  expect(checkpoint.deployment.resources).toEqual([root, before]);
});

test("Inputs that the found resource is not known to have are left out, so that the next update sets them", () => {
  const { checkpoint } = repairCheckpoint(state([root]), goals, [
    { urn: NETWORK, id: "42", unlike: ["secret"] },
  ]);
  expect(checkpoint.deployment.resources.at(-1)?.inputs).toEqual({ name: "quayside-dev-network" });
});

test("Pending operations are taken out and told, all else is carried along as it was", () => {
  const pending = { type: "updating", resource: { urn: NETWORK, custom: true, type: "x" } };
  const { checkpoint, settled } = repairCheckpoint(state([root], [pending]), goals, []);
  expect(settled).toMatchObject([{ type: "updating", resource: { urn: NETWORK } }]);
  expect(checkpoint).toEqual(state([root]));
});

test("What was being made and is not wanted goes in without what the state lacks, so that the next update deletes it", () => {
  const KV = "urn:pulumi:dev::quayside::cloudflare:index/workersKvNamespace:WorkersKvNamespace::seen";
  const unwanted: StateResource = {
    urn: KV,
    custom: true,
    type: "cloudflare:index/workersKvNamespace:WorkersKvNamespace",
    id: "abc",
    inputs: { title: "seen-dev" },
    parent: GROUP,
    dependencies: [ROOT, NETWORK],
    propertyDependencies: { title: [NETWORK] },
  };
  const pending = [{ resource: { ...unwanted, id: "" }, type: "creating" }];
  const repaired = repairCheckpoint(state([root], pending), new Map([...goals].slice(0, 1)), [], [unwanted]);
  const { resources, pending_operations } = repaired.checkpoint.deployment;
  expect(resources.at(-1)).toEqual({
    ...unwanted,
    parent: undefined,
    dependencies: [ROOT],
    propertyDependencies: {},
  });
  expect([repaired.adopted, pending_operations]).toEqual([[KV], []]);
});
