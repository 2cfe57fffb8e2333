import { status } from "@grpc/grpc-js";
import type providerpb from "@pulumi/pulumi/proto/provider_pb.js";
import { ProtocolError } from "./failure.ts";
import { decode, revealMap } from "./property.ts";
import type { ProviderDefinition } from "./resource.ts";

/** Where settings come from that the engine does not send. */
export interface Settings {
  defaults: ReadonlyMap<string, string>;
  /** The environment that the real plugin would look into. */
  env: NodeJS.ProcessEnv;
}

/** What one engine connection configured. */
export interface Session<Client> {
  client: Client;
  /** The engine can take secrets apart from plain values. */
  secrets: boolean;
  cancel: AbortController;
  /** To see whether two connections were configured alike. */
  fingerprint: string;
}

/** The configured connections of one provider, by their far end: every engine and every provider instance has its own. */
export class Sessions<Client> {
  readonly #definition: ProviderDefinition<Client>;
  readonly #settings: Settings;
  readonly #byPeer = new Map<string, Session<Client>>();

  constructor(definition: ProviderDefinition<Client>, settings: Settings) {
    this.#definition = definition;
    this.#settings = settings;
  }

  configure(peer: string, request: providerpb.ConfigureRequest): void {
    const { schema, connect } = this.#definition;
    const config = configuration(request, this.#settings, schema.config);
    const cancel = new AbortController();
    // The newest comes last, also where a connection is configured again.
    this.#byPeer.delete(peer);
    this.#byPeer.set(peer, {
      client: connect(config, cancel.signal),
      secrets: request.getAcceptsecrets(),
      cancel,
      fingerprint: JSON.stringify([...config].sort()),
    });
  }

  /** The session of a connection. One that was idle for long comes back under another port: then all must be alike. */
  of(peer: string): Session<Client> {
    const own = this.#byPeer.get(peer);
    if (own) return own;
    const others = [...this.#byPeer.values()];
    const latest = others.at(-1);
    if (latest && others.every((other) => other.fingerprint === latest.fingerprint)) return latest;
    throw new ProtocolError(
      status.FAILED_PRECONDITION,
      `the ${this.#definition.schema.name} stand-in got a call on a connection that was not configured`,
    );
  }

  /** Lets the calls under way finish, and starts no further one. */
  cancel(peer: string): void {
    this.#byPeer.get(peer)?.cancel.abort();
  }
}

/** The provider's settings: what the engine sends, else the environment as the real plugin reads it, else the defaults. */
function configuration(
  request: providerpb.ConfigureRequest,
  settings: Settings,
  known: Record<string, { env: string[] }>,
): Map<string, string> {
  const sent = revealMap(decode(request.getArgs()));
  const config = new Map<string, string>();
  for (const [key, { env }] of Object.entries(known)) {
    const given = sent[key];
    const value =
      (typeof given === "string" && given !== "" ? given : undefined) ??
      env.map((name) => settings.env[name]).find((found) => found !== undefined && found !== "") ??
      settings.defaults.get(key);
    if (value !== undefined) config.set(key, value);
  }
  return config;
}
