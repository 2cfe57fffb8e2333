import { buildStage } from "../stage/stage.ts";
import type { Chapter } from "./chapter.ts";
import { secrets } from "./secrets.ts";
import { doctorAfter, doctorBefore } from "./setup/doctor.ts";
import { firstRelease } from "./setup/first-release.ts";
import type { SetupMemory } from "./setup/memory.ts";
import { refusals } from "./setup/refusals.ts";
import { rotation } from "./setup/rotation.ts";
import { strangers } from "./setup/strangers.ts";
import { teardown } from "./setup/teardown.ts";
import { terminal } from "./setup/terminal.ts";
import { wizard } from "./setup/wizard.ts";

/** From an empty world of the clouds to a release, and to nothing again. */
export const setup: Chapter<SetupMemory> = {
  name: "setup",
  title: "From template to production",
  tells:
    "Somebody with a domain, the accounts and no idea of the code takes the template. The wizard sets everything up by a file of answers, nobody at the keyboard; then the pipeline brings dev and prod up.",
  remember: (played) => ({ played, secrets: {} }),
  build: (root, dir, options) => buildStage(root, dir, { ...options, empty: true }),
  scenes: [
    refusals,
    doctorBefore,
    wizard,
    strangers,
    firstRelease,
    rotation,
    doctorAfter,
    terminal,
    teardown,
    { ...secrets, name: "setup-secrets" },
  ],
};
