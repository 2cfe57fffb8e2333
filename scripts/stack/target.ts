import type { UntilHealthy } from "../../infra/src/awaited-server.ts";

/** One stack, with all that is needed to run the engine on it. */
export interface StackTarget {
  /** `dev`, `prod`. */
  name: string;
  /** The Pulumi project's name, the namespace of the configuration. */
  project: string;
  /** The folder of Pulumi.yaml, absolute. */
  infraDir: string;
  /** Variables for the engine and its providers: backend, passphrase, cloud tokens, endpoints. Secret. */
  engineEnv: Record<string, string>;
  /** Its credentials only read, so that a stack which is not there yet can't be made: it is looked at as an empty one. */
  readsOnly?: boolean;
  /** The Pulumi program; it runs in this process. */
  program: (hooks?: ProgramHooks) => Promise<Record<string, unknown>>;
}

/** What the program asks for while it is applied. */
export interface ProgramHooks {
  untilHealthy?: UntilHealthy | undefined;
}
