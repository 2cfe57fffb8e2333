import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { fillEnvironment, variablesForDeploys } from "../fill-esc.ts";
import { keepJob, type Scene } from "../scene.ts";
import { startCrowd } from "./crowd.ts";
import { deployDev, push } from "./jobs.ts";
import { reportOf, serverOf } from "./look.ts";
import type { ServerMemory } from "./memory.ts";

const REQUESTS = 1000;
const NAMES = ["server1", "server2"];

export const newReleaseKey: Scene<ServerMemory> = {
  name: "new-release-key",
  title: "A new release key replaces both servers, and nobody notices",
  tells:
    "The key that servers believe is part of their birth, so a new one replaces them. The first leaves the app's name, is made anew, gets the volume, runs the app and comes back into the name; only then the second one's turn comes. Visitors ask all the while.",
  async play(stage, notes, memory) {
    const before = await Promise.all(NAMES.map((name) => serverOf(stage, name)));
    const ran = (await reportOf(stage))?.image;
    const { privateKey } = generateKeyPairSync("ed25519");
    // As `secrets rotate` leaves them.
    const newest = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    stage.canaries.RELEASE_SIGNING_KEY = newest + stage.canaries.RELEASE_SIGNING_KEY;
    await fillEnvironment(stage, "dev", variablesForDeploys(stage));
    const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "der" }).toString("base64");
    const sha = await push(stage, memory, "Take another release key", () =>
      stage.checkout.replace("infra/Pulumi.dev.yaml", /(?<=quayside:releaseKey:) .*/, ` ${publicKey}`),
    );

    const crowd = startCrowd(stage);
    const job = keepJob(notes, await deployDev(stage, sha, "Deploy the new key", "--unreviewed"));
    const { answers, failures } = await crowd.leave(REQUESTS);
    notes.expect(`None of ${answers} requests failed`, failures.length === 0, failures.slice(0, 20));
    const after = await Promise.all(NAMES.map((name) => serverOf(stage, name)));
    notes.expect(
      "Two other servers are there, under the same addresses",
      after.every(({ id, ip }, index) => id !== before[index]?.id && ip === before[index]?.ip),
      { before: before.map(({ id, ip }) => [id, ip]), after: after.map(({ id, ip }) => [id, ip]) },
    );
    const reports = await Promise.all(NAMES.map((name) => reportOf(stage, name)));
    notes.expect(
      "Both run what the old ones ran, are healthy, and believe the release record",
      reports.every((report) => report?.image === ran && report?.healthy && report.lastError === null),
      reports,
    );
    const { machine } = await serverOf(stage);
    const logbook = await machine.inside("cat", "/srv/data/logbook.txt");
    notes.expect("The volume's files are there", logbook.includes("before the storm"), logbook);
    notes.keep("How long it took", "text", `${Math.round(job.seconds)} s for both servers`);
  },
};
