import * as pulumi from "@pulumi/pulumi";

/** A resource of the program with those that it depends on, as far as the program says it. */
export interface Dependent {
  urn: string;
  name: string;
  type: string;
  /** URNs. */
  dependencies: readonly string[];
}

/**
 * Wraps a program so that it leaves behind which resource depends on which: neither the engine's events nor a preview's result
 * tell it. What counts is what flows (outputs in arguments) and what is asked for (`dependsOn`).
 */
export function tracingDependencies<T>(program: () => Promise<T>): {
  program: () => Promise<T>;
  /** The dependencies of every resource by its type and name (`type::name`), once the program has ended. */
  settled(): Promise<ReadonlyMap<string, readonly string[]>>;
} {
  const found = new Map<string, string[]>();
  const pending: Promise<void>[] = [];
  const trace = async (key: string, values: readonly unknown[]): Promise<void> => {
    const resources = new Set<pulumi.Resource>();
    await Promise.all(values.map((value) => collect(value, resources)));
    const urns = await Promise.all([...resources].map((resource) => urnOf(resource)));
    found.set(key, urns.filter((urn) => urn !== undefined).sort());
  };
  return {
    program: () => {
      pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) => {
        const values = [...Object.values(props as Record<string, unknown>), opts.dependsOn];
        pending.push(trace(`${type}::${name}`, values).catch(() => undefined));
        return { props, opts };
      });
      return program();
    },
    settled: async () => {
      await Promise.all(pending);
      return found;
    },
  };
}

async function collect(value: unknown, into: Set<pulumi.Resource>): Promise<void> {
  if (pulumi.Output.isInstance(value)) {
    for (const resource of await resourcesOf(value)) if (isCustom(resource)) into.add(resource);
  } else if (pulumi.Resource.isInstance(value)) {
    if (isCustom(value)) into.add(value);
  } else if (Array.isArray(value)) await Promise.all(value.map((item) => collect(item, into)));
  else if (value instanceof Promise) await collect(await value, into);
  else if (typeof value === "object" && value !== null)
    await Promise.all(Object.values(value).map((item) => collect(item, into)));
}

function isCustom(resource: pulumi.Resource): boolean {
  return pulumi.CustomResource.isInstance(resource);
}

/** Part of Output's implementation, left out of its declarations. */
interface OutputInternals {
  allResources?(): Promise<Set<pulumi.Resource>>;
  promise(withUnknowns?: boolean): Promise<unknown>;
}
async function resourcesOf(output: pulumi.Output<unknown>): Promise<ReadonlySet<pulumi.Resource>> {
  return (await (output as unknown as OutputInternals).allResources?.()) ?? new Set();
}
async function urnOf(resource: pulumi.Resource): Promise<string | undefined> {
  const urn = await (resource.urn as unknown as OutputInternals).promise();
  return typeof urn === "string" ? urn : undefined;
}
