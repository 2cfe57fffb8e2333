import { ApiError } from "../../envelope.ts";
import type { Script, Version, WorkerBinding } from "../../model.ts";
import type { CloudState } from "../../state.ts";

/**
 * The bindings of a new version: those of the upload, those it inherits, and kept kinds of the version before.
 * @throws ApiError 400 when a binding names something that the account does not have
 */
export function resolvedBindings(
  state: CloudState,
  script: Script,
  uploaded: WorkerBinding[],
  keep: string[],
  before: Version | undefined,
): WorkerBinding[] {
  const previous = new Map(before?.bindings.map((binding) => [binding.name, binding]));
  const bindings = uploaded.map((binding) => {
    if (binding.type !== "inherit") return binding;
    const inherited = previous.get(String(binding.old_name ?? binding.name));
    if (!inherited)
      throw new ApiError(
        400,
        10057,
        `Binding '${binding.name}' cannot be inherited: the Worker has no such binding.`,
      );
    return { ...inherited, name: binding.name };
  });
  const names = new Set(bindings.map(({ name }) => name));
  for (const binding of previous.values())
    if (keep.includes(binding.type) && !names.has(binding.name)) bindings.push(binding);
  for (const binding of bindings) check(state, script, binding);
  return bindings;
}

function check(state: CloudState, script: Script, binding: WorkerBinding): void {
  const refuse = (code: number, message: string): never => {
    throw new ApiError(400, code, message);
  };
  switch (binding.type) {
    case "kv_namespace":
      if (!state.kv.get(String(binding.namespace_id)))
        refuse(10041, `KV namespace '${binding.namespace_id}' not found.`);
      return;
    case "d1":
      if (!state.d1.get(String(binding.id ?? binding.database_id)))
        refuse(
          10181,
          `D1 binding '${binding.name}' references database '${binding.id}' which was not found.`,
        );
      return;
    case "queue":
      if (!state.queues.list().some((queue) => queue.queue_name === binding.queue_name))
        refuse(100118, `Queue '${binding.queue_name}' does not exist.`);
      return;
    case "r2_bucket":
      if (!state.r2.get(String(binding.bucket_name)))
        refuse(10085, `R2 bucket '${binding.bucket_name}' not found.`);
      return;
    case "service":
      if (binding.service !== script.name && !state.scripts.get(String(binding.service)))
        refuse(
          10143,
          `Could not resolve service binding '${binding.name}'. Target script '${binding.service}' not found.`,
        );
      return;
    case "durable_object_namespace": {
      const owner = binding.script_name ?? script.name;
      const classes = owner === script.name ? script.classes : state.scripts.get(String(owner))?.classes;
      if (!classes?.[String(binding.class_name)])
        refuse(
          10061,
          `Cannot create binding for class '${binding.class_name}' because it is not currently configured to implement Durable Objects. Did you forget to apply a 'new_sqlite_classes' migration?`,
        );
      return;
    }
  }
}

/** A binding as the API shows it: without a secret's text, Durable Objects with their namespace. */
export function shownBinding(script: Script, binding: WorkerBinding): WorkerBinding {
  if (binding.type === "secret_text") return { type: binding.type, name: binding.name };
  if (binding.type === "durable_object_namespace" && !binding.script_name)
    return { ...binding, namespace_id: script.classes[String(binding.class_name)]?.namespaceId };
  return binding;
}
