import type { Scene } from "../scene.ts";
import { APP, ask, reportOf, serverOf, until } from "./look.ts";
import type { ServerMemory } from "./memory.ts";
import { machinesOf } from "./stage.ts";

export const reboot: Scene<ServerMemory> = {
  name: "reboot",
  title: "A reboot while Doppler is down",
  tells:
    "A security update restarts the server, and just then Doppler does not answer. The app comes back with the last good secrets.",
  async play(stage, notes) {
    const faults = new URL("/_rehearsal/faults", stage.clouds.doppler.url);
    const rule = { path: ".", times: 1000, fault: { kind: "status", status: 503 } };
    await fetch(faults, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(rule),
    });
    const { id, machine } = await serverOf(stage);
    const before = await machine.leader();
    const started = performance.now();
    await stage.api("hetzner", `/servers/${id}/actions/reboot`, { method: "POST", body: {} });
    const again = await until(
      60,
      () =>
        machine.on &&
        machine.leader().then(
          (leader) => leader !== before,
          () => false,
        ),
    );
    const back = await until(
      300,
      async () =>
        (await reportOf(stage))?.healthy === true && (await ask(stage, `${APP}/berths`)).status === 200,
    );
    notes.expect("The server started anew", again, before);
    notes.expect(
      `The app is back, ${Math.round((performance.now() - started) / 1000)} s after the restart was asked for`,
      back,
      await reportOf(stage),
    );
    notes.expect(
      "With its database",
      (await ask(stage, `${APP}/berths`)).body.includes("Kim"),
      await ask(stage, `${APP}/berths`),
    );
    const journal = await machine.inside(
      "journalctl",
      "--boot",
      "--unit",
      "release-agent.service",
      "--output",
      "cat",
      "--no-pager",
    );
    notes.expect(
      "By the last good set of secrets",
      journal.includes("the last good set is used"),
      journal.slice(-1500),
    );
    const runs = await reportOf(stage);
    notes.expect("It runs what it ran", runs?.image === machinesOf(stage).images.third, runs);
    await fetch(faults, { method: "DELETE" });
  },
};
