import type { Context, Hono } from "hono";
import { actionView } from "./actions.ts";
import { HetznerError, notFound } from "./error.ts";
import { listResponse } from "./listing.ts";
import type { ActionDocument, ResourceType } from "./model.ts";
import { type Project, timestamp } from "./project.ts";
import { pathId } from "./request.ts";

/**
 * `GET /actions?id=…` and `GET /actions/{id}`. A list of all actions is no longer there: without ids the API answers 410
 * (https://docs.hetzner.cloud/changelog#2025-01-30-listing-arbitrary-actions-in-the-actions-list-endpoint-is-removed).
 */
export function actionRoutes(api: Hono, project: Project): void {
  api.get("/actions", (c) => {
    const ids = c.req.queries("id") ?? [];
    if (ids.length === 0)
      throw new HetznerError("deprecated_api_endpoint", "listing arbitrary actions is no longer supported", {
        announcement:
          "https://docs.hetzner.cloud/changelog#2025-01-30-listing-arbitrary-actions-in-the-actions-list-endpoint-is-removed",
      });
    return listActions(c, project, (action) => ids.includes(String(action.id)));
  });
  api.get("/actions/:id", (c) => c.json({ action: actionView(project, requireAction(project, pathId(c))) }));
}

/** `GET /<kind>/actions`, `/<kind>/actions/{id}`, `/<kind>/{id}/actions` and `/<kind>/{id}/actions/{action}`. */
export function resourceActionRoutes(api: Hono, project: Project, path: string, type: ResourceType): void {
  const touches = (action: ActionDocument, id?: number) =>
    action.resources.some((each) => each.type === type && (id === undefined || each.id === id));
  api.get(`${path}/actions`, (c) => listActions(c, project, (action) => touches(action)));
  api.get(`${path}/actions/:action`, (c) => {
    const action = requireAction(project, pathId(c, "action"));
    if (!touches(action)) throw notFound("action", action.id);
    return c.json({ action: actionView(project, action) });
  });
  api.get(`${path}/:id/actions`, (c) => {
    const id = pathId(c);
    return listActions(c, project, (action) => touches(action, id));
  });
  api.get(`${path}/:id/actions/:action`, (c) => {
    const action = requireAction(project, pathId(c, "action"));
    if (!touches(action, pathId(c))) throw notFound("action", action.id);
    return c.json({ action: actionView(project, action) });
  });
}

function requireAction(project: Project, id: number): ActionDocument {
  const action = project.actions.get(id);
  if (action === undefined) throw notFound("action", id);
  return action;
}

function listActions(
  context: Context,
  project: Project,
  fits: (action: ActionDocument) => boolean,
): Response {
  const wanted = context.req.queries("status") ?? [];
  const listed = project.actions
    .list()
    .filter(fits)
    .map((action) => ({ ...actionView(project, action), created: timestamp(action.started) }))
    .filter((view) => wanted.length === 0 || wanted.includes(view.status));
  return listResponse(context, "actions", listed, ({ created: _, ...view }) => view);
}
