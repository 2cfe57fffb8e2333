import { machinesMissing } from "../../machines/requirements.ts";
import type { Chapter } from "../chapter.ts";
import { backup } from "./backup.ts";
import { birth } from "./birth.ts";
import { brokenRelease } from "./broken-release.ts";
import { forgedRecord } from "./forged-record.ts";
import type { ServerMemory } from "./memory.ts";
import { migrationFailure } from "./migration-failure.ts";
import { move } from "./move.ts";
import { newReleaseKey } from "./new-release-key.ts";
import { powerLoss } from "./power-loss.ts";
import { reboot } from "./reboot.ts";
import { replacement } from "./replacement.ts";
import { secondServer } from "./second-server.ts";
import { buildServerStage } from "./stage.ts";
import { switchOver } from "./switch-over.ts";

/** Real machines for the servers: what `--vm` plays. */
export const server: Chapter<ServerMemory> = {
  name: "server",
  title: "The servers, for real",
  tells:
    "Each server that the Hetzner cloud makes boots as a machine: cloud-init reads the stack's own user data, Docker runs a real Django project, a real Postgres is migrated. Then things go wrong.",
  standIns: [
    "The servers' machines share this host's kernel (systemd-nspawn): no firmware, no udev, no kernel of their own. Their packages are in the image before the birth.",
    "Neon's Postgres: Debian's, on a socket that only the machines reach. Cloudflare's client certificate: one of the rehearsed edge's own, whose authority takes the place of Cloudflare's on the machines.",
  ],
  remember: (played) => ({ played }),
  missing: async () => machinesMissing(),
  build: buildServerStage,
  scenes: [
    birth,
    switchOver,
    backup,
    brokenRelease,
    migrationFailure,
    forgedRecord,
    powerLoss,
    reboot,
    replacement,
    secondServer,
    newReleaseKey,
    move,
  ],
};
