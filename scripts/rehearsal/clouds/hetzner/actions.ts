import { HetznerError } from "./error.ts";
import type { ActionDocument, Effect, ResourceType } from "./model.ts";
import { type Project, timestamp } from "./project.ts";
import { setStatus } from "./status.ts";

/** The way an action is started. Times are in milliseconds. */
export interface ActionRequest {
  command: string;
  resources: { id: number; type: ResourceType }[];
  /** Default: the project's usual duration. 0 = done at once. */
  ms?: number;
  /** When it starts; default now. For actions that follow another one. */
  from?: number;
  /** Default true. Firewalls and protection don't lock what they touch. */
  locks?: boolean;
  effect?: Effect;
}

/** Starts an action; it goes on by the clock alone, whoever asks, and through a restart of the cloud. */
export function startAction(project: Project, request: ActionRequest): ActionDocument {
  const started = request.from ?? project.now();
  const id = project.store.next("actions", 580_000_000_000_001);
  const action: ActionDocument = {
    id,
    command: request.command,
    started,
    finishes: started + (request.ms ?? project.actionMs),
    resources: request.resources,
    locks: request.locks ?? true,
    effect: request.effect ?? null,
  };
  project.actions.put(id, action);
  project.unsettled.put(id, id);
  return action;
}

export function actionView(project: Project, action: ActionDocument) {
  const now = project.now();
  const done = now >= action.finishes;
  const share = (now - action.started) / Math.max(1, action.finishes - action.started);
  return {
    id: action.id,
    command: action.command,
    status: done ? "success" : "running",
    progress: done ? 100 : Math.min(99, Math.max(0, Math.floor(share * 100))),
    started: timestamp(action.started),
    finished: done ? timestamp(action.finishes) : null,
    resources: action.resources,
    error: null,
  };
}

/**
 * Brings about the ends of all actions that are over by now. Called at the start of every request, in a transaction:
 * so nobody sees an action that is done and a world where it is not.
 */
export function settle(project: Project): void {
  const now = project.now();
  const over = unsettledActions(project)
    .filter((action) => action.finishes <= now)
    .sort((a, b) => a.finishes - b.finishes);
  for (const action of over) {
    if (action.effect) apply(project, action.effect);
    project.unsettled.delete(action.id);
  }
}

function unsettledActions(project: Project): ActionDocument[] {
  return project.unsettled.list().flatMap((id) => project.actions.get(id) ?? []);
}

/** Whether an action that locks runs on a resource. */
export function isLocked(project: Project, type: ResourceType, id: number): boolean {
  return unsettledActions(project).some(
    (action) =>
      action.locks &&
      action.finishes > project.now() &&
      action.resources.some((resource) => resource.type === type && resource.id === id),
  );
}

/** @throws HetznerError `locked`, while an action runs on the resource */
export function assertUnlocked(project: Project, type: ResourceType, id: number): void {
  if (isLocked(project, type, id))
    throw new HetznerError("locked", `cannot perform operation because ${type.replace("_", " ")} is locked`);
}

function apply(project: Project, effect: Effect): void {
  switch (effect.kind) {
    case "attach-volume":
      update(project.volumes, effect.volume, (volume) => ({ ...volume, server: effect.server }));
      break;
    case "detach-volume":
      update(project.volumes, effect.volume, (volume) => ({ ...volume, server: null }));
      break;
    case "resize-volume":
      update(project.volumes, effect.volume, (volume) => ({ ...volume, size: effect.size }));
      break;
    case "assign-ip":
      update(project.primaryIps, effect.ip, (ip) => ({ ...ip, assignee: effect.server }));
      break;
    case "unassign-ip":
      update(project.primaryIps, effect.ip, (ip) => ({ ...ip, assignee: null }));
      break;
    case "change-type":
      update(project.servers, effect.server, (server) => ({
        ...server,
        serverType: effect.serverType,
        primaryDiskSize: effect.disk,
      }));
      break;
    case "rebuild":
      update(project.servers, effect.server, (server) => ({
        ...setStatus(server, project.now(), "running"),
        image: effect.image,
        userData: effect.userData,
      }));
      break;
    case "delete-server":
      deleteServer(project, effect.server);
      break;
  }
}

function update<T>(
  collection: { get(id: number): T | undefined; put(id: number, document: T): T },
  id: number,
  change: (document: T) => T,
): void {
  const document = collection.get(id);
  if (document !== undefined) collection.put(id, change(document));
}

/** A server goes: its volumes are detached, its addresses go with it or stay, by `auto_delete`. */
function deleteServer(project: Project, id: number): void {
  project.servers.delete(id);
  for (const volume of project.volumes.list())
    if (volume.server === id) project.volumes.put(volume.id, { ...volume, server: null });
  for (const ip of project.primaryIps.list()) {
    if (ip.assignee !== id) continue;
    if (ip.autoDelete) project.primaryIps.delete(ip.id);
    else project.primaryIps.put(ip.id, { ...ip, assignee: null });
  }
}
