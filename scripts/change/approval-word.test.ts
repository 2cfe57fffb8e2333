import { expect, it } from "vitest";
import { approvalWord, labelsAllowedBy } from "./approval-word.ts";
import type { Hazard } from "./model.ts";

const hazard: Hazard = {
  rule: "replace-server",
  urn: "urn:server1",
  resource: "server1",
  severity: "data-loss",
  what: "",
  avoid: "",
};
const digest = "0123456789ab".padEnd(64, "c");

it("An approval by word counts for the change that it names, and for no other one", () => {
  const word = approvalWord(hazard, digest);
  expect(word).toBe("allow:replace-server:server1@0123456789ab");
  expect([...labelsAllowedBy([word, "allow:delete-zone:zone@ffffffffffff"], digest)]).toEqual([
    "allow:replace-server:server1",
  ]);
  expect([...labelsAllowedBy([word], "f".repeat(64))]).toEqual([]);
  expect([...labelsAllowedBy(["allow:replace-server:server1"], digest)]).toEqual([]);
});
