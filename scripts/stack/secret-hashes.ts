import { createHmac } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/**
 * Finds the keyed hash of a secret input again; undefined where the value is not known before the update. The state's old
 * value is not at hand, so it is taken to be the same; where the engine says that it changed, the change is told all the same.
 */
export type HashSecret = (urn: string, path: string) => string | undefined;

/**
 * Wraps a program so that every secret input which it gives to a resource leaves a keyed hash behind.
 *
 * The engine masks secrets in everything that it reports, so two different secrets look the same in its events and in
 * a plan. Inside the program's own process they are still at hand: a resource transformation hashes them there.
 */
export function hashingSecrets<T>(
  program: () => Promise<T>,
  key: string,
): { program: () => Promise<T>; hashSecret: HashSecret; settled(): Promise<void> } {
  const hashes = new Map<string, string>();
  const pending: Promise<void>[] = [];

  const collect = async (value: unknown, at: string): Promise<void> => {
    if (pulumi.Output.isInstance(value)) {
      const [known, secret] = await Promise.all([isKnown(value), pulumi.isSecret(value)]);
      const inner = known ? await plain(value) : undefined;
      if (secret && known) hashes.set(at, hash(key, inner));
      else await collect(inner, at);
    } else if (Array.isArray(value)) {
      await Promise.all(value.map((item, index) => collect(item, `${at}[${index}]`)));
    } else if (value instanceof Promise) {
      await collect(await value, at);
    } else if (typeof value === "object" && value !== null && !pulumi.Resource.isInstance(value)) {
      await Promise.all(Object.entries(value).map(([name, item]) => collect(item, `${at}.${name}`)));
    }
  };

  return {
    program: () => {
      pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) => {
        for (const [property, value] of Object.entries(props as Record<string, unknown>)) {
          pending.push(collect(value, `${type}::${name}.${property}`).catch(() => undefined));
        }
        return { props, opts };
      });
      return program();
    },
    hashSecret(urn, path) {
      const [type, name] = urn.split("::").slice(-2);
      // The URN's type has the parents' types before it: `quayside:hetzner:Server$hcloud:index/server:Server`.
      return hashes.get(`${type?.split("$").at(-1)}::${name}.${path}`);
    },
    settled: async () => {
      await Promise.all(pending);
    },
  };
}

function hash(key: string, value: unknown): string {
  return createHmac("sha256", key)
    .update(JSON.stringify(value) ?? "undefined")
    .digest("hex")
    .slice(0, 16);
}

/** Part of Output's implementation, left out of its declarations: whether the value is known, and the value itself. */
interface OutputInternals {
  isKnown: Promise<boolean>;
  promise(withUnknowns?: boolean): Promise<unknown>;
}
function isKnown(output: pulumi.Output<unknown>): Promise<boolean> {
  return (output as unknown as OutputInternals).isKnown;
}
function plain(output: pulumi.Output<unknown>): Promise<unknown> {
  return (output as unknown as OutputInternals).promise();
}
