import type { Step } from "./step.ts";
import { actionsPermissionsStep } from "./steps/actions-permissions.ts";
import { answersStep } from "./steps/answers.ts";
import { databasePreviewStep } from "./steps/database-preview.ts";
import { dopplerStep } from "./steps/doppler.ts";
import { edgePreviewStep } from "./steps/edge-preview.ts";
import { environmentsStep } from "./steps/environments.ts";
import { labelsStep } from "./steps/labels.ts";
import { neonStep } from "./steps/neon.ts";
import { protectionStep } from "./steps/protection.ts";
import { releaseKeysStep } from "./steps/release-keys.ts";
import { repositoryStep } from "./steps/repository.ts";
import { secretsStep } from "./steps/secrets.ts";
import { stackFilesStep } from "./steps/stack-files.ts";
import { stateStep } from "./steps/state.ts";
import { trustStep } from "./steps/trust.ts";
import { variablesStep } from "./steps/variables.ts";
import { zoneStep } from "./steps/zone.ts";
import { zoneTlsStep } from "./steps/zone-tls.ts";

/** The set-up, in its order: what is needed first comes first, and what opens doors comes last. */
export const STEPS: readonly Step[] = [
  answersStep,
  repositoryStep,
  zoneStep,
  stackFilesStep,
  environmentsStep,
  neonStep,
  dopplerStep,
  stateStep,
  secretsStep,
  releaseKeysStep,
  edgePreviewStep,
  databasePreviewStep,
  trustStep,
  variablesStep,
  zoneTlsStep,
  labelsStep,
  actionsPermissionsStep,
  protectionStep,
];
