import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/index.js";
import { scrubber, scrubValue } from "./conceal.ts";
import { propertyDiffs } from "./diff.ts";
import {
  type Change,
  isSecret,
  isUnknown,
  type Operation,
  type PropertyDiff,
  type Step,
  type Value,
} from "./model.ts";
import { pathOf, pathsOverlap, type Segments, segmentsOf } from "./paths.ts";
import { diagnosticsFromEvents } from "./read-diagnostics.ts";
import { inputsOf, isProvider, type ReadOptions } from "./read-resources.ts";
import { setsOf } from "./sets.ts";

/** The type of the resource that stands for the stack itself, and has its outputs. */
export const STACK = "pulumi:pulumi:Stack";

/**
 * The change that a preview (or a refresh that only previews) found, from the engine's events.
 *
 * The engine's debug messages hold secrets in clear, whatever it masks elsewhere: they are never read, and events as they
 * come must not be kept. What the engine says of secrets is "[secret]"; what changed from clear to secret is hidden here.
 */
export function changeFromEvents(
  stack: string,
  events: readonly EngineEvent[],
  options: ReadOptions,
): Change {
  const ordered = [...events].sort((a, b) => a.sequence - b.sequence);
  const drafts = new Map<string, Draft>();
  const same = new Set<string>();
  let stackOutputs: StepEventMetadata | undefined;

  for (const event of ordered) {
    const found = event.resourcePreEvent?.metadata;
    const finished = event.resOutputsEvent?.metadata;
    if (finished?.type === STACK) stackOutputs = finished;
    if (finished) finishRefresh(drafts, finished, same);
    if (!found || found.type === STACK) continue;
    if (found.op === "same") {
      if (protectChanges(found)) drafts.set(found.urn, { operation: "update", parts: [found] });
      else if (!isProvider(found.type)) same.add(found.urn);
      continue;
    }
    addPart(drafts, found);
  }

  const texts: string[] = [];
  const steps = [...drafts.values()].flatMap((draft) => {
    const step = stepOf(draft, options, texts);
    return step ? [step] : [];
  });
  const outputs = stackOutputs ? outputDiffs(stackOutputs, options, texts) : [];
  const scrub = scrubber(texts);
  const change: Change = {
    schema: 1,
    stack,
    steps,
    unchanged: same.size,
    outputs,
    diagnostics: diagnosticsFromEvents(ordered, scrub),
  };
  return texts.length > 0 ? scrubChange(change, scrub) : change;
}

interface Draft {
  operation: Operation;
  /** The event of a refresh's end was seen. */
  refreshed?: true;
  parts: StepEventMetadata[];
}

function addPart(drafts: Map<string, Draft>, metadata: StepEventMetadata): void {
  const operation = operationOf(metadata.op);
  const key = operation === "refresh" ? `${metadata.urn} refresh` : metadata.urn;
  const draft = drafts.get(key);
  if (!draft) drafts.set(key, { operation, parts: [metadata] });
  // A resource that an earlier, broken update left to be deleted goes away beside what happens to its successor.
  else if (operation === "delete" || draft.operation === "delete")
    drafts.set(`${key} ${operation}`, { operation, parts: [metadata] });
  else draft.parts.push(metadata);
}

function operationOf(op: StepEventMetadata["op"]): Operation {
  switch (op) {
    case "create":
    case "update":
    case "delete":
    case "replace":
    case "import":
    case "refresh":
    case "read":
      return op;
    case "create-replacement":
    case "delete-replaced":
    case "discard-replaced":
    case "remove-pending-replace":
    case "import-replacement":
    case "read-replacement":
      return "replace";
    default:
      return "read";
  }
}

/** A refresh's first event says nothing yet: what was found at the provider comes with the event of its end. */
function finishRefresh(drafts: Map<string, Draft>, finished: StepEventMetadata, same: Set<string>): void {
  const key = `${finished.urn} refresh`;
  const draft = drafts.get(key);
  if (!draft || draft.refreshed) return;
  draft.refreshed = true;
  const differs = !finished.new || (finished.diffs?.length ?? 0) > 0 || keysOf(finished).length > 0;
  if (differs) draft.parts = [{ ...finished, op: "refresh" }];
  else {
    draft.parts = [];
    if (finished.op === "same" && !isProvider(finished.type)) same.add(finished.urn);
  }
}

function stepOf(draft: Draft, options: ReadOptions, texts: string[]): Step | undefined {
  const first = draft.parts[0];
  if (!first) return undefined;
  // Both sides stand only in the `replace` and `create-replacement` parts.
  const full = draft.parts.find((part) => part.old && part.new) ?? first;
  const operation: Operation =
    draft.operation === "replace" && !full.new && draft.parts.every((part) => part.op === "delete-replaced")
      ? "delete"
      : draft.operation;
  const concealed = inputsOf(full, options);
  texts.push(...concealed.texts);
  const before = full.old ? concealed.before : undefined;
  const after = full.new ? concealed.after : undefined;
  const state = full.new ?? full.old;
  const isProtected = state?.protect === true;
  const wasProtected = full.old?.protect === true;
  const replaceKeys = operation === "replace" ? replaceKeysOf(draft) : [];

  const found = [
    ...propertyDiffs(before, after, replaceKeys, setsOf(first.type)),
    ...(protectChanges(full) ? [protectDiff(wasProtected)] : []),
  ];
  if (full.old && full.new) {
    const outputs = inputsOf(full, options, "outputs");
    texts.push(...outputs.texts);
    const keys = [...concealed.paths, ...keysOf(full)];
    const kinds = full.detailedDiff ?? {};
    found.push(
      ...unseenDiffs(keys, found, [concealed, outputs], (path) => kinds[path]?.diffKind.endsWith("-replace")),
    );
  }
  const ofProvider = isProvider(first.type);
  const diffs = ofProvider ? found.filter(({ path }) => !isProviderNoise(path)) : found;
  if (ofProvider && !providerMatters(first.urn, operation, diffs)) return undefined;
  const inputs = (side: { [property: string]: Value }) =>
    ofProvider ? Object.fromEntries(Object.entries(side).filter(([name]) => !isProviderNoise(name))) : side;

  return {
    urn: first.urn,
    type: first.type,
    name: first.urn.split("::").slice(3).join("::"),
    operation,
    ...(full.old?.id ? { id: full.old.id } : {}),
    ...(state?.parent ? { parent: state.parent } : {}),
    dependencies: [...(options.dependencies?.(first.urn) ?? [])],
    protected: isProtected,
    ...(full.old && full.new && wasProtected !== isProtected ? { wasProtected } : {}),
    ...(state && !state.custom ? { component: true as const } : {}),
    replaceKeys,
    diffs,
    ...(before ? { before: inputs(before) } : {}),
    ...(after ? { after: inputs(after) } : {}),
  };
}

function replaceKeysOf(draft: Draft): string[] {
  const fine = new Set<string>();
  const whole = new Set<string>();
  for (const part of draft.parts) {
    for (const [path, { diffKind }] of Object.entries(part.detailedDiff ?? {}))
      if (diffKind.endsWith("-replace")) fine.add(pathOf(segmentsOf(path)));
    for (const key of part.keys ?? []) whole.add(pathOf(segmentsOf(key)));
  }
  const named = [...fine].map(segmentsOf);
  return [
    ...fine,
    ...[...whole].filter((key) => !named.some((path) => pathsOverlap(path, segmentsOf(key)))),
  ].sort();
}

/**
 * What is different although the inputs look alike: two secrets whose hashes are not known, or a property of which the
 * provider's state says something else than the inputs.
 */
function unseenDiffs(
  keys: readonly string[],
  seen: readonly PropertyDiff[],
  sources: readonly { before?: Value; after?: Value }[],
  replaces: (path: string) => boolean | undefined,
): PropertyDiff[] {
  const known: Segments[] = seen.map((diff) => segmentsOf(diff.path));
  const unseen: PropertyDiff[] = [];
  for (const key of keys) {
    const wanted = segmentsOf(key);
    if (known.some((other) => pathsOverlap(wanted, other))) continue;
    const before = sources.map((source) => lookUp(source.before, wanted)).find((found) => found);
    const after = sources.map((source) => lookUp(source.after, wanted)).find((found) => found);
    const depth = Math.max(before?.depth ?? 0, after?.depth ?? 0);
    if (depth === 0) continue;
    const path = wanted.slice(0, depth);
    known.push(path);
    unseen.push({
      path: pathOf(path),
      kind: before === undefined ? "add" : after === undefined ? "remove" : "change",
      replaces: replaces(key) ?? false,
      ...(before ? { before: before.value } : {}),
      ...(after ? { after: after.value } : {}),
    });
  }
  return unseen;
}

function keysOf(metadata: StepEventMetadata): string[] {
  const fine = Object.keys(metadata.detailedDiff ?? {});
  return fine.length > 0 ? fine : (metadata.diffs ?? []);
}

/** The value at a path, or the secret or unknown that the path leads into. */
function lookUp(properties: Value | undefined, path: Segments): { value: Value; depth: number } | undefined {
  let value: Value | undefined = properties;
  let depth = 0;
  for (const segment of path) {
    if (typeof value !== "object" || value === null) return undefined;
    if (isSecret(value) || isUnknown(value)) break;
    value = Object.entries(value).find(([key]) => key === String(segment))?.[1];
    depth++;
  }
  return value === undefined ? undefined : { value, depth };
}

/** The engine calls a resource of which only `protect` changes "same"; for people it is a change, and a risky one. */
function protectChanges(metadata: StepEventMetadata): boolean {
  return Boolean(
    metadata.old && metadata.new && (metadata.old.protect === true) !== (metadata.new.protect === true),
  );
}

function protectDiff(wasProtected: boolean): PropertyDiff {
  return {
    path: "protect",
    kind: "change",
    replaces: false,
    before: wasProtected,
    after: !wasProtected,
  };
}

/** Inputs of a provider that come from the environment: who runs the engine, and against what, is no change of the stack. */
const PROVIDER_NOISE = new Set([
  "token",
  "apiToken",
  "apiKey",
  "email",
  "endpoint",
  "baseUrl",
  "pluginDownloadURL",
]);

function providerMatters(urn: string, operation: Operation, diffs: PropertyDiff[]): boolean {
  const isDefault = urn.split("::").at(-1)?.startsWith("default") ?? false;
  if (isDefault && operation !== "update" && operation !== "replace") return false;
  if (operation === "create" || operation === "delete") return true;
  return diffs.length > 0;
}

function isProviderNoise(path: string): boolean {
  return PROVIDER_NOISE.has(String(segmentsOf(path)[0]));
}

function outputDiffs(stack: StepEventMetadata, options: ReadOptions, texts: string[]): PropertyDiff[] {
  if (!stack.new) return [];
  const concealed = inputsOf(stack, options, "outputs");
  texts.push(...concealed.texts);
  const diffs = propertyDiffs(concealed.before, concealed.after, []);
  return [...diffs, ...unseenDiffs(concealed.paths, diffs, [concealed], () => false)];
}

function scrubChange(change: Change, scrub: (text: string) => string): Change {
  const diff = (one: PropertyDiff): PropertyDiff => ({
    ...one,
    ...(one.before === undefined ? {} : { before: scrubValue(one.before, scrub) }),
    ...(one.after === undefined ? {} : { after: scrubValue(one.after, scrub) }),
  });
  const properties = (one: { [property: string]: Value }) =>
    Object.fromEntries(Object.entries(one).map(([key, value]) => [key, scrubValue(value, scrub)]));
  return {
    ...change,
    steps: change.steps.map((step) => ({
      ...step,
      diffs: step.diffs.map(diff),
      ...(step.before ? { before: properties(step.before) } : {}),
      ...(step.after ? { after: properties(step.after) } : {}),
    })),
    outputs: change.outputs.map(diff),
  };
}
