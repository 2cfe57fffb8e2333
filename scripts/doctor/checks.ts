import { STEPS } from "../setup/steps.ts";
import type { Check } from "./check.ts";
import { actionPins } from "./checks/action-pins.ts";
import { backups } from "./checks/backups.ts";
import { cost } from "./checks/cost.ts";
import { dnssec } from "./checks/dnssec.ts";
import { documentation } from "./checks/documentation.ts";
import { example } from "./checks/example.ts";
import { locks } from "./checks/locks.ts";
import { openUpdates } from "./checks/open-updates.ts";
import { quota } from "./checks/quota.ts";
import { serverTypes } from "./checks/server-types.ts";
import { setupStep } from "./checks/setup-step.ts";
import { tokenExpiry } from "./checks/token-expiry.ts";
import { versions } from "./checks/versions.ts";
import { workflowPermissions } from "./checks/workflow-permissions.ts";

/** Everything that is looked at. What the set-up has made is looked for by the set-up's own steps. */
export const CHECKS: readonly Check[] = [
  versions,
  example,
  documentation,
  actionPins,
  workflowPermissions,
  ...STEPS.map(setupStep),
  tokenExpiry,
  dnssec,
  serverTypes,
  quota,
  cost,
  locks,
  openUpdates,
  backups,
];
