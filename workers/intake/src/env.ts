import type { Outbox } from "./outbox/outbox.ts";

/** The Worker's bindings, as wrangler.jsonc names them, and its secrets. */
export interface Env {
  OUTBOX: DurableObjectNamespace<Outbox>;
  INTAKE_SETTINGS: KVNamespace;
  INTAKE_ARCHIVE: D1Database;
  VERSION: WorkerVersionMetadata;
  /** Origin of the application, without a path: `https://app.example.com`. */
  BACKEND_URL: string;
  /** Name of the stack: `dev`, `prod`; `local` outside any. */
  STACK: string;
  /** Secret. Signing keys, newest first, separated by spaces; without one the deliveries are unsigned and healthz says so. */
  INTAKE_SIGNING_KEY?: string;
  /** Secret. Opens the operator's calls; without one they do not exist. */
  INTAKE_OPERATOR_KEY?: string;
}

declare global {
  namespace Cloudflare {
    interface Env extends IntakeEnv {}
    interface GlobalProps {
      mainModule: typeof import("./index.ts");
    }
  }
}
type IntakeEnv = Env;
