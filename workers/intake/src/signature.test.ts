import { createHmac } from "node:crypto";
import { expect, it } from "vitest";
import { sign } from "./signature.ts";

const byNode = (key: Buffer, text: string) => `v1,${createHmac("sha256", key).update(text).digest("base64")}`;

it("signs id, timestamp and body together with the key behind whsec_", async () => {
  const key = Buffer.from("a key of some length");
  const signature = await sign(`whsec_${key.toString("base64")}`, "id-1", 1_800_000_000, '{"ü":1}');
  expect(signature).toBe(byNode(key, 'id-1.1800000000.{"ü":1}'));
});

it("signs once for each key, so that a key can be changed without a gap", async () => {
  const signature = await sign("new-key old-key", "id-1", 5, "{}");
  expect(signature).toBe(
    `${byNode(Buffer.from("new-key"), "id-1.5.{}")} ${byNode(Buffer.from("old-key"), "id-1.5.{}")}`,
  );
});
