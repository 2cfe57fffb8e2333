/** A server that an update has made or changed. */
export interface AwaitedServer {
  /** `server1`. */
  name: string;
  /** Hetzner's id of its machine, which a predecessor with the same addresses does not have. */
  id: string;
  healthHostname: string;
}

/**
 * Asked in an update of each of several servers, once its machine is as the stack wants it: no visitor is sent to it, and the
 * next one is not touched, before this has ended.
 */
export type UntilHealthy = (server: AwaitedServer) => Promise<void>;
