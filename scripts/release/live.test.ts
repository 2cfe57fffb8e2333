import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { asLive, describeStray, type Live, straysOf, withoutStrays } from "./live.ts";
import { quotedStrings, writeRecord } from "./record.ts";
import { image, manifest } from "./testing/manifest.ts";

const release = manifest(1);
const signingKey = generateKeyPairSync("ed25519")
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();
const at = new Date(1_790_000_000_000);
const record = quotedStrings(writeRecord({ release: release.id, at, image: release.image }, signingKey));
const worker = (...ids: string[]) => ({
  versions: ids.map((id) => ({ id, percentage: 100 / ids.length })),
  lostRoutes: [],
});
const asDeployed: Live = {
  workers: { intake: worker("version-1") },
  sites: { www: { deploymentId: "deployment-1" } },
  record,
};

test("What is as the release left it does not stray", () => {
  expect(straysOf(release, asDeployed)).toEqual([]);
  expect(withoutStrays(release, [])).toEqual(release);
});

test("Each part that strayed is named with what is live, since when and by whom", () => {
  const live: Live = {
    workers: {
      intake: {
        ...worker("version-0", "version-1"),
        lostRoutes: ["www.example.com/intake*"],
        since: "2026-11-20T03:04:05Z",
        by: "kim@example.com",
      },
    },
    sites: { www: { deploymentId: undefined } },
    record: `"${writeRecord({ release: "other", at, image: image("7") }, signingKey)}"`,
  };
  expect(straysOf(release, live).map(describeStray)).toEqual([
    "Worker intake runs version version-0 (50 %) and version version-1 (50 %) since 2026-11-20 03:04 UTC (kim@example.com), and not version version-1.",
    "Worker intake is not reached at www.example.com/intake* any more.",
    "Site www serves no deployment, and not deployment deployment-1.",
    `The release record names ${image("7")}, and not ${release.image}.`,
  ]);
  expect(withoutStrays(release, straysOf(release, live))).toMatchObject({ workers: {}, sites: {} });
});

test("What is live takes the place of what was deployed, so that the way back begins where the stack is", () => {
  expect(asLive(release, asDeployed)).toEqual(release);
  const live: Live = { workers: { intake: worker("a", "b") }, sites: {}, record: undefined };
  expect(asLive(release, live)).toMatchObject({
    workers: { intake: { versionId: "a+b" } },
    sites: { www: { deploymentId: "none" } },
    image: "none",
  });
});

test("A record that is gone, or that names no image, strays too", () => {
  for (const content of [undefined, '"v=1 release=none"'])
    expect(straysOf(release, { ...asDeployed, record: content }).map(({ kind }) => kind)).toEqual(["record"]);
});
