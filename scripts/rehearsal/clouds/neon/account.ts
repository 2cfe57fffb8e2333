import { randomBytes, randomInt, randomUUID } from "node:crypto";
import type { Collection, Store } from "../base/store.ts";
import { NeonError } from "./error.ts";
import type {
  BranchDocument,
  DatabaseDocument,
  EndpointDocument,
  KeyDocument,
  OperationDocument,
  ProjectDocument,
  RoleDocument,
} from "./model.ts";

/** What a plan allows, as of 2026 (https://neon.com/pricing). Retention is in seconds. */
export const PLANS = {
  free: { projects: 100, branches: 10, protectedBranches: 0, maxCu: 2, historySeconds: 6 * 3600 },
  launch: { projects: 100, branches: 10, protectedBranches: 2, maxCu: 16, historySeconds: 7 * 86_400 },
} as const;
export type Plan = keyof typeof PLANS;

/** An account at Neon: its projects with all that is in them, and the clock. */
export interface Account {
  store: Store;
  plan: Plan;
  now(): number;
  /** How long one operation takes, in milliseconds. */
  operationMs: number;
  projects: Collection<ProjectDocument>;
  branches: Collection<BranchDocument>;
  endpoints: Collection<EndpointDocument>;
  /** By `branch/role` and `branch/database`. */
  roles: Collection<RoleDocument>;
  databases: Collection<DatabaseDocument>;
  operations: Collection<OperationDocument>;
  /** Those that are limited to a project, by the key itself. */
  keys: Collection<KeyDocument>;
}

export function openAccount(
  store: Store,
  options: { plan: Plan; now: () => Date; operationMs: number },
): Account {
  return {
    store,
    plan: options.plan,
    now: () => options.now().getTime(),
    operationMs: options.operationMs,
    projects: store.collection("projects"),
    branches: store.collection("branches"),
    endpoints: store.collection("endpoints"),
    roles: store.collection("roles"),
    databases: store.collection("databases"),
    operations: store.collection("operations"),
    keys: store.collection("keys"),
  };
}

export function requireProject(account: Account, id: string): ProjectDocument {
  const project = account.projects.get(id);
  if (project === undefined) throw new NeonError(404, "project not found");
  return project;
}

export function requireBranch(account: Account, projectId: string, id: string): BranchDocument {
  requireProject(account, projectId);
  const branch = account.branches.get(id);
  if (branch?.projectId !== projectId) throw new NeonError(404, "branch not found");
  return branch;
}

export function requireEndpoint(account: Account, projectId: string, id: string): EndpointDocument {
  requireProject(account, projectId);
  const endpoint = account.endpoints.get(id);
  if (endpoint?.projectId !== projectId) throw new NeonError(404, "endpoint not found");
  return endpoint;
}

export function branchesOf(account: Account, projectId: string): BranchDocument[] {
  return account.branches.list().filter((branch) => branch.projectId === projectId);
}

/** @throws NeonError 423 while operations of the project run */
export function assertNotBusy(account: Account, projectId: string): void {
  const busy = account.operations
    .list()
    .some((operation) => operation.projectId === projectId && operation.finishes > account.now());
  if (busy)
    throw new NeonError(
      423,
      "project already has running conflicting operations, scheduling of new ones is prohibited",
    );
}

/** Schedules operations of a project, one after the other. `extraMs` makes the first one slower. */
export function schedule(
  account: Account,
  projectId: string,
  wanted: { action: string; branchId?: string; endpointId?: string }[],
  extraMs = 0,
): OperationDocument[] {
  let starts = account.now();
  return wanted.map((each, index) => {
    const finishes = starts + account.operationMs + (index === 0 ? extraMs : 0);
    const operation: OperationDocument = {
      id: randomUUID(),
      projectId,
      branchId: each.branchId ?? null,
      endpointId: each.endpointId ?? null,
      action: each.action,
      created: account.now(),
      starts,
      finishes,
    };
    starts = finishes;
    return account.operations.put(operation.id, operation);
  });
}

export function endOf(operations: OperationDocument[]): number {
  return Math.max(...operations.map((operation) => operation.finishes));
}

const ADJECTIVES = [
  "quiet",
  "morning",
  "silent",
  "misty",
  "green",
  "late",
  "royal",
  "bold",
  "wispy",
  "lucky",
];
const NOUNS = ["cell", "dawn", "river", "moon", "field", "star", "glade", "union", "breeze", "mud"];

const pick = (words: string[]) => words[randomInt(words.length)];

/** `quiet-dawn-12345678`, the form of a project's id. */
export function newProjectId(): string {
  return `${pick(ADJECTIVES)}-${pick(NOUNS)}-${String(randomInt(100_000_000)).padStart(8, "0")}`;
}

/** `br-quiet-dawn-a6xyz123`, `ep-…`. */
export function newId(prefix: "br" | "ep"): string {
  return `${prefix}-${pick(ADJECTIVES)}-${pick(NOUNS)}-a6${randomBytes(3).toString("hex")}`;
}

export function newPassword(): string {
  return `npg_${randomBytes(9).toString("base64url").replace(/[-_]/g, "x")}`;
}

/** A log position that grows with time. */
export function lsnAt(project: ProjectDocument, time: number): string {
  return `0/${(0x1_500_000 + Math.max(0, time - project.created) * 64).toString(16).toUpperCase()}`;
}
