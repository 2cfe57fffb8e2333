import type { Hono } from "hono";
import { z } from "zod";
import { resourceActionRoutes } from "./action-routes.ts";
import { actionView, startAction } from "./actions.ts";
import { parseBlock } from "./cidr.ts";
import { HetznerError } from "./error.ts";
import { Labels, labelSelector } from "./labels.ts";
import { listResponse } from "./listing.ts";
import type { FirewallDocument, FirewallRule, ServerDocument } from "./model.ts";
import {
  assertBelowLimit,
  assertNameIsFree,
  nextId,
  type Project,
  requireDocument,
  timestamp,
} from "./project.ts";
import { Id, Name, pathId, readBody } from "./request.ts";

const Cidr = z.string().refine((text) => parseBlock(text) !== undefined, "is not a valid CIDR notation");
const Cidrs = z.array(Cidr).max(100, "too many entries").default([]);
const Port = z.string().refine((text) => portRange(text) !== undefined, "is not a valid port or port range");

/** A rule by https://docs.hetzner.cloud/reference/cloud#firewalls */
const Rule = z
  .object({
    direction: z.enum(["in", "out"]),
    protocol: z.enum(["tcp", "udp", "icmp", "esp", "gre"]),
    port: Port.nullish().transform((port) => port ?? null),
    source_ips: Cidrs,
    destination_ips: Cidrs,
    description: z
      .string()
      .max(255, "is too long")
      .nullish()
      .transform((text) => text ?? null),
  })
  .superRefine((rule, context) => {
    const hasPort = rule.protocol === "tcp" || rule.protocol === "udp";
    if (hasPort !== (rule.port !== null))
      context.addIssue({
        code: "custom",
        path: ["port"],
        message: hasPort ? "is required for this protocol" : "is not allowed for this protocol",
      });
    const field = rule.direction === "in" ? "source_ips" : "destination_ips";
    if (rule[field].length === 0)
      context.addIssue({ code: "custom", path: [field], message: "must not be empty for this direction" });
  });
const Rules = z.array(Rule).max(50, "too many rules");

const Resource = z.discriminatedUnion("type", [
  z.object({ type: z.literal("server"), server: z.object({ id: Id }) }),
  z.object({ type: z.literal("label_selector"), label_selector: z.object({ selector: z.string().min(1) }) }),
]);
type Resource = z.output<typeof Resource>;

export function firewallRoutes(api: Hono, project: Project): void {
  resourceActionRoutes(api, project, "/firewalls", "firewall");
  const find = (id: number) => requireDocument(project, "firewalls", id);

  api.get("/firewalls", (c) =>
    listResponse(c, "firewalls", project.firewalls.list(), (each) => firewallView(project, each)),
  );
  api.get("/firewalls/:id", (c) => c.json({ firewall: firewallView(project, find(pathId(c))) }));

  api.post("/firewalls", async (c) => {
    const body = await readBody(
      c,
      z.object({
        name: Name,
        labels: Labels.default({}),
        rules: Rules.default([]),
        apply_to: z.array(Resource).default([]),
      }),
    );
    assertNameIsFree(project, "firewalls", body.name);
    assertBelowLimit(project, "firewalls");
    const firewall: FirewallDocument = {
      id: nextId(project, "firewalls"),
      name: body.name,
      created: timestamp(project.now()),
      labels: body.labels,
      rules: body.rules,
      selectors: [],
    };
    project.firewalls.put(firewall.id, firewall);
    const actions = applyTo(project, firewall, body.apply_to);
    return c.json({ firewall: firewallView(project, find(firewall.id)), actions }, 201);
  });

  api.put("/firewalls/:id", async (c) => {
    const firewall = find(pathId(c));
    const body = await readBody(c, z.object({ name: Name.optional(), labels: Labels.optional() }));
    if (body.name !== undefined) assertNameIsFree(project, "firewalls", body.name, firewall.id);
    const updated = project.firewalls.put(firewall.id, {
      ...firewall,
      name: body.name ?? firewall.name,
      labels: body.labels ?? firewall.labels,
    });
    return c.json({ firewall: firewallView(project, updated) });
  });

  api.delete("/firewalls/:id", (c) => {
    const firewall = find(pathId(c));
    if (firewall.selectors.length > 0 || serversOf(project, firewall).length > 0)
      throw new HetznerError("resource_in_use", `firewall with ID '${firewall.id}' is still in use`);
    project.firewalls.delete(firewall.id);
    return c.body(null, 204);
  });

  api.post("/firewalls/:id/actions/set_rules", async (c) => {
    const firewall = find(pathId(c));
    const { rules } = await readBody(c, z.object({ rules: Rules }));
    project.firewalls.put(firewall.id, { ...firewall, rules });
    const actions = [
      startAction(project, {
        command: "set_firewall_rules",
        resources: [{ id: firewall.id, type: "firewall" }],
        locks: false,
      }),
      ...serversOf(project, firewall).map((server) => startApply(project, firewall.id, server.id)),
    ];
    return c.json({ actions: actions.map((action) => actionView(project, action)) }, 201);
  });

  api.post("/firewalls/:id/actions/apply_to_resources", async (c) => {
    const firewall = find(pathId(c));
    const { apply_to } = await readBody(c, z.object({ apply_to: z.array(Resource) }));
    return c.json({ actions: applyTo(project, firewall, apply_to) }, 201);
  });

  api.post("/firewalls/:id/actions/remove_from_resources", async (c) => {
    const firewall = find(pathId(c));
    const { remove_from } = await readBody(c, z.object({ remove_from: z.array(Resource) }));
    return c.json({ actions: removeFrom(project, firewall, remove_from) }, 201);
  });
}

/** The server with a firewall, in force as soon as the action `apply_firewall` is done. */
export function withFirewall(project: Project, server: ServerDocument, firewallId: number): ServerDocument {
  requireDocument(project, "firewalls", firewallId);
  return {
    ...server,
    firewalls: [...server.firewalls, { id: firewallId, from: project.now() + project.actionMs }],
  };
}

/** All firewalls of a server: its own and those that a label selector brings, with `applied` or `pending`. */
export function firewallsOf(project: Project, server: ServerDocument): { id: number; status: string }[] {
  const own = server.firewalls.map(({ id, from }) => ({
    id,
    status: from <= project.now() ? "applied" : "pending",
  }));
  const selected = project.firewalls
    .list()
    .filter((each) => !own.some(({ id }) => id === each.id))
    .filter((each) => each.selectors.some((selector) => labelSelector(selector)(server.labels)))
    .map((each) => ({ id: each.id, status: "applied" }));
  return [...own, ...selected];
}

/**
 * Whether TCP connections to a port come through. A server without any firewall lets everything in
 * (https://docs.hetzner.com/cloud/firewalls/overview).
 */
export function allowsInbound(project: Project, server: ServerDocument, port: number): boolean {
  const firewalls = firewallsOf(project, server).flatMap(({ id }) => project.firewalls.get(id) ?? []);
  if (firewalls.length === 0) return true;
  return firewalls.some((firewall) => firewall.rules.some((rule) => opens(rule, port)));
}

function opens(rule: FirewallRule, port: number): boolean {
  const range = rule.port === null ? undefined : portRange(rule.port);
  return (
    rule.direction === "in" &&
    rule.protocol === "tcp" &&
    range !== undefined &&
    range.first <= port &&
    port <= range.last
  );
}

/** `80`, `8000-8080` or `any`. */
function portRange(text: string): { first: number; last: number } | undefined {
  if (text === "any") return { first: 1, last: 65535 };
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first >= 1 && last <= 65535 && first <= last ? { first, last } : undefined;
}

function startApply(project: Project, firewall: number, server: number) {
  return startAction(project, {
    command: "apply_firewall",
    resources: [
      { id: firewall, type: "firewall" },
      { id: server, type: "server" },
    ],
    locks: false,
  });
}

function applyTo(project: Project, firewall: FirewallDocument, resources: Resource[]) {
  const started = resources.flatMap((resource) => {
    if (resource.type === "label_selector") {
      const { selector } = resource.label_selector;
      const fits = labelSelector(selector);
      const current = requireDocument(project, "firewalls", firewall.id);
      if (current.selectors.includes(selector))
        throw new HetznerError(
          "firewall_already_applied",
          "firewall was already applied to the label selector",
        );
      project.firewalls.put(firewall.id, { ...current, selectors: [...current.selectors, selector] });
      return project.servers
        .list()
        .filter((server) => fits(server.labels))
        .map((server) => startApply(project, firewall.id, server.id));
    }
    const server = project.servers.get(resource.server.id);
    if (server === undefined)
      throw new HetznerError(
        "firewall_resource_not_found",
        `server with ID '${resource.server.id}' not found`,
      );
    if (server.firewalls.some(({ id }) => id === firewall.id))
      throw new HetznerError("firewall_already_applied", "firewall was already applied to the server");
    if (!project.primaryIps.list().some((ip) => ip.assignee === server.id))
      throw new HetznerError("private_net_only_server", "server has no public network interface");
    project.servers.put(server.id, withFirewall(project, server, firewall.id));
    return [startApply(project, firewall.id, server.id)];
  });
  return started.map((action) => actionView(project, action));
}

function removeFrom(project: Project, firewall: FirewallDocument, resources: Resource[]) {
  const remove = (server: ServerDocument) => {
    project.servers.put(server.id, {
      ...server,
      firewalls: server.firewalls.filter(({ id }) => id !== firewall.id),
    });
    return startAction(project, {
      command: "remove_firewall",
      resources: [
        { id: firewall.id, type: "firewall" },
        { id: server.id, type: "server" },
      ],
      locks: false,
    });
  };
  const started = resources.flatMap((resource) => {
    if (resource.type === "label_selector") {
      const { selector } = resource.label_selector;
      const current = requireDocument(project, "firewalls", firewall.id);
      if (!current.selectors.includes(selector))
        throw new HetznerError(
          "firewall_resource_not_found",
          "firewall is not applied to the label selector",
        );
      project.firewalls.put(firewall.id, {
        ...current,
        selectors: current.selectors.filter((each) => each !== selector),
      });
      return project.servers
        .list()
        .filter((server) => labelSelector(selector)(server.labels))
        .map(remove);
    }
    const server = project.servers.get(resource.server.id);
    if (server === undefined)
      throw new HetznerError(
        "firewall_resource_not_found",
        `server with ID '${resource.server.id}' not found`,
      );
    if (server.firewalls.some(({ id }) => id === firewall.id)) return [remove(server)];
    if (firewallsOf(project, server).some(({ id }) => id === firewall.id))
      throw new HetznerError(
        "firewall_managed_by_label_selector",
        "firewall is applied via a label selector and cannot be removed manually",
      );
    // Removing what is not there is no error since 4 August 2025.
    return [];
  });
  return started.map((action) => actionView(project, action));
}

function serversOf(project: Project, firewall: FirewallDocument): ServerDocument[] {
  return project.servers
    .list()
    .filter((server) => firewallsOf(project, server).some(({ id }) => id === firewall.id));
}

function firewallView(project: Project, firewall: FirewallDocument) {
  const own = project.servers
    .list()
    .filter((server) => server.firewalls.some(({ id }) => id === firewall.id));
  return {
    id: firewall.id,
    name: firewall.name,
    labels: firewall.labels,
    created: firewall.created,
    rules: firewall.rules,
    applied_to: [
      ...own.map((server) => ({ type: "server", server: { id: server.id } })),
      ...firewall.selectors.map((selector) => ({
        type: "label_selector",
        label_selector: { selector },
        applied_to_resources: project.servers
          .list()
          .filter((server) => labelSelector(selector)(server.labels))
          .map((server) => ({ type: "server", server: { id: server.id } })),
      })),
    ],
  };
}
