import { z } from "zod";
import type { PropertyMap } from "../provider/property.ts";
import type { Live, ResourceKind } from "../provider/resource.ts";
import { Action, type Hetzner } from "./client.ts";
import { given, Labels } from "./parts.ts";

const Rule = z.object({
  direction: z.string(),
  protocol: z.string(),
  port: z.string().optional(),
  sourceIps: z.array(z.string()).default([]),
  destinationIps: z.array(z.string()).default([]),
  description: z.string().optional(),
});
const ApplyTo = z.object({ labelSelector: z.string().optional(), server: z.number().optional() });
const Inputs = z.object({
  name: z.string(),
  labels: Labels,
  rules: z.array(Rule).default([]),
  applyTos: z.array(ApplyTo).optional(),
});

const AppliedTo = z.array(
  z.object({
    type: z.string(),
    server: z.object({ id: z.number() }).nullish(),
    label_selector: z.object({ selector: z.string() }).nullish(),
  }),
);
export const Firewall = z.object({
  firewall: z.object({
    id: z.number(),
    name: z.string(),
    labels: z.record(z.string(), z.string()),
    rules: z.array(
      z.object({
        direction: z.string(),
        protocol: z.string(),
        port: z.string().nullish(),
        source_ips: z.array(z.string()).nullish(),
        destination_ips: z.array(z.string()).nullish(),
        description: z.string().nullish(),
      }),
    ),
    applied_to: AppliedTo,
  }),
});
const Created = Firewall.extend({ actions: z.array(Action).nullish() });

/** One thing that a firewall is applied to, as the API takes it. */
export type Target =
  | { type: "server"; server: { id: number } }
  | { type: "label_selector"; label_selector: { selector: string } };
export const serverTarget = (id: number): Target => ({ type: "server", server: { id } });
export const selectorTarget = (selector: string): Target => ({
  type: "label_selector",
  label_selector: { selector },
});

/** What a firewall is applied to now. */
export function targetsOf(firewall: z.infer<typeof Firewall>): Target[] {
  return firewall.firewall.applied_to.flatMap((each) => {
    if (each.type === "server" && each.server) return [serverTarget(each.server.id)];
    return each.label_selector ? [selectorTarget(each.label_selector.selector)] : [];
  });
}

/** Applies a firewall to what it is not applied to yet, and takes it off what is no longer wanted. */
export async function applyTo(hetzner: Hetzner, id: string, wanted: Target[]): Promise<void> {
  const path = `/firewalls/${id}`;
  const now = targetsOf(await hetzner.get(path, Firewall));
  const missing = (from: Target[], here: Target[]): Target[] =>
    from.filter((each) => !here.some((other) => JSON.stringify(other) === JSON.stringify(each)));
  const less = missing(now, wanted);
  const more = missing(wanted, now);
  if (less.length > 0) await hetzner.act(`${path}/actions/remove_from_resources`, { remove_from: less });
  if (more.length > 0) await hetzner.act(`${path}/actions/apply_to_resources`, { apply_to: more });
}

function live(found: z.infer<typeof Firewall>): Live {
  const { firewall } = found;
  return {
    id: String(firewall.id),
    outputs: {
      name: firewall.name,
      labels: firewall.labels,
      rules: firewall.rules.map((rule) =>
        given<string | string[]>({
          direction: rule.direction,
          protocol: rule.protocol,
          port: rule.port,
          sourceIps: rule.source_ips ?? [],
          destinationIps: rule.destination_ips ?? [],
          description: rule.description,
        }),
      ),
      applyTos: targetsOf(found).map(
        (target): PropertyMap =>
          target.type === "server"
            ? { server: target.server.id }
            : { labelSelector: target.label_selector.selector },
      ),
    },
  };
}

function rulesBody(rules: z.infer<typeof Rule>[]): object[] {
  return rules.map((rule) =>
    given<string | string[]>({
      direction: rule.direction,
      protocol: rule.protocol,
      port: rule.port,
      source_ips: rule.sourceIps,
      destination_ips: rule.destinationIps,
      description: rule.description,
    }),
  );
}

function targets(given: z.infer<typeof ApplyTo>[]): Target[] {
  return given.flatMap((each) => {
    if (each.labelSelector) return [selectorTarget(each.labelSelector)];
    return each.server === undefined ? [] : [serverTarget(each.server)];
  });
}

/** https://docs.hetzner.cloud/reference/cloud#firewalls */
export const firewall: ResourceKind<Hetzner> = {
  async create(hetzner, creation) {
    const inputs = Inputs.parse(creation.inputs);
    const made = await hetzner.post(
      "/firewalls",
      {
        name: inputs.name,
        labels: inputs.labels,
        rules: rulesBody(inputs.rules),
        apply_to: targets(inputs.applyTos ?? []),
      },
      Created,
    );
    const id = String(made.firewall.id);
    creation.created(id);
    await hetzner.settle(...(made.actions ?? []));
    return live(await hetzner.get(`/firewalls/${id}`, Firewall));
  },
  async read(hetzner, known) {
    const found = await hetzner.find(`/firewalls/${known.id}`, Firewall);
    return found && live(found);
  },
  async update(hetzner, revision) {
    const inputs = Inputs.parse(revision.inputs);
    const path = `/firewalls/${revision.id}`;
    await hetzner.put(path, { name: inputs.name, labels: inputs.labels });
    await hetzner.act(`${path}/actions/set_rules`, { rules: rulesBody(inputs.rules) });
    if (inputs.applyTos) await applyTo(hetzner, revision.id, targets(inputs.applyTos));
    return live(await hetzner.get(path, Firewall));
  },
  async delete(hetzner, known) {
    const found = await hetzner.find(`/firewalls/${known.id}`, Firewall);
    if (!found) return;
    // A firewall that is still applied to something is refused.
    await applyTo(hetzner, known.id, []);
    await hetzner.remove(`/firewalls/${known.id}`, ["resource_in_use"]);
  },
};
