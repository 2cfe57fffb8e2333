import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { expect, it } from "vitest";
import { checkpointOf } from "./checkpoint.ts";

const resource = (name: string, old: object | undefined): EngineEvent =>
  ({
    resourcePreEvent: {
      metadata: { urn: `urn:${name}`, type: "hcloud:index/volume:Volume", op: "same", old },
    },
  }) as unknown as EngineEvent;
const VOLUME = { id: "7", inputs: { name: "data", size: 12 } };

it("is the same for the same state, in whatever order and however often the engine tells of it", () => {
  const data = resource("data", VOLUME);
  const logs = resource("logs", { id: "8", inputs: {} });
  expect(checkpointOf([data, logs])).toBe(checkpointOf([logs, data, logs]));
  expect(checkpointOf([data, resource("new", undefined)])).toBe(checkpointOf([data]));
});

it("is another one when a resource is another one, was changed, came, went, or is protected", () => {
  const states = [
    [resource("data", VOLUME)],
    [resource("data", { ...VOLUME, id: "9" })],
    [resource("data", { ...VOLUME, inputs: { name: "data", size: 31 } })],
    [resource("data", { ...VOLUME, protect: true })],
    [resource("data", VOLUME), resource("logs", VOLUME)],
    [],
  ];
  expect(new Set(states.map(checkpointOf)).size).toBe(states.length);
});
