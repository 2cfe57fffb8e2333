import { EXIT, UserError } from "../errors.ts";
import type { WorkerSource } from "./parts.ts";

/**
 * Which Workers of the repository a Worker needs to be there before it: those that its wrangler.jsonc binds as services,
 * whose Durable Objects it binds, and that it sends its logs to. Cloudflare refuses a binding to a script that does not exist.
 */
export function neededBy({ name, config }: WorkerSource, all: readonly WorkerSource[]): string[] {
  const bound = [
    ...config.services.map(({ service }) => service),
    ...(config.durable_objects?.bindings ?? []).flatMap(({ script_name }) => script_name ?? []),
    ...(config.tail_consumers ?? []).map(({ service }) => service),
  ];
  return all.map((worker) => worker.name).filter((other) => other !== name && bound.includes(other));
}

/**
 * The Workers in an order in which each one comes after those that it needs.
 *
 * @throws UserError `worker-cycle` that names the circle
 */
export function inOrder(workers: readonly WorkerSource[]): WorkerSource[] {
  const ordered = new Set<WorkerSource>();
  const visit = (worker: WorkerSource, path: readonly string[]): void => {
    const start = path.indexOf(worker.name);
    if (start >= 0) throw cycle([...path.slice(start), worker.name]);
    if (ordered.has(worker)) return;
    for (const name of neededBy(worker, workers)) {
      const needed = workers.find((each) => each.name === name);
      if (needed) visit(needed, [...path, worker.name]);
    }
    ordered.add(worker);
  };
  for (const worker of workers) visit(worker, []);
  return [...ordered];
}

function cycle(names: readonly string[]): UserError {
  return new UserError(
    "worker-cycle",
    `Workers bind each other in a circle: ${names.join(" → ")}. None of them can be deployed first.`,
    "Take one of these bindings out of the Worker's wrangler.jsonc; what both need goes into a Worker that both bind, or through a queue.",
    EXIT.usage,
  );
}
