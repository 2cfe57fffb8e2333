import { expect, test } from "vitest";
import { bindingResourceName } from "./workers.ts";

test.each([
  ["intake", "INTAKE_EVENTS", "intake-events"],
  ["intake", "SETTINGS", "intake-settings"],
  ["in", "INTAKE_EVENTS", "in-intake-events"],
])("the Worker %s's binding %s is the resource %s", (worker, binding, name) => {
  expect(bindingResourceName(worker, binding)).toBe(name);
});
