import { describe, expect, it } from "vitest";
import type { Change, Cost, Step, Value } from "../model.ts";
import { approvalLabel, findHazards, HAZARD_RULES } from "./index.ts";
import type { HazardRule, Limits } from "./rule.ts";
import { STATEFUL } from "./stateful.ts";

const FIREWALL = "hcloud:index/firewall:Firewall";
const RECORD = "cloudflare:index/dnsRecord:DnsRecord";

describe("hazards", () => {
  it("are every delete and replace of what is stateful, by its own name", () => {
    for (const [type, { noun }] of Object.entries(STATEFUL)) {
      expect(rulesOf(stepOf({ type, operation: "delete" }))).toEqual([`delete-${noun}`]);
      expect(rulesOf(stepOf({ type, operation: "replace", replaceKeys: ["location"] }))).toEqual([
        `replace-${noun}`,
      ]);
      expect(rulesOf(stepOf({ type, operation: "create" }))).toEqual([]);
    }
  });

  it("say what forces a replacement, what is lost and how to avoid it", () => {
    const [hazard] = hazardsOf(
      stepOf({
        type: "hcloud:index/server:Server",
        operation: "replace",
        replaceKeys: ["userData"],
        name: "app-1",
      }),
    );
    expect(hazard).toMatchObject({ rule: "replace-server", resource: "app-1", severity: "outage" });
    expect(hazard?.what).toContain("because of userData");
    expect(hazard?.avoid).not.toBe("");
  });

  it("are a dropped protection, of the engine or of the provider", () => {
    const volume = "hcloud:index/volume:Volume";
    expect(rulesOf(stepOf({ type: volume, operation: "update", wasProtected: true }))).toEqual([
      "drop-protect",
    ]);
    const flags = { before: { deleteProtection: true }, after: { deleteProtection: false } };
    expect(rulesOf(stepOf({ type: volume, operation: "update", ...flags }))).toEqual(["drop-protect"]);
    expect(
      rulesOf(stepOf({ type: volume, operation: "update", protected: true, wasProtected: false })),
    ).toEqual([]);
  });

  it("are a firewall that lets in more than before, and not one that lets in less", () => {
    const cloudflare = rule("443", ["173.245.48.0/20", "2400:cb00::/32"]);
    expect(opened([cloudflare], [cloudflare, rule("22", ["0.0.0.0/0"])])).toContain(
      "whole internet (0.0.0.0/0)",
    );
    expect(opened([cloudflare], [rule("443", ["173.245.48.0/20", "10.1.0.0/16"])])).toContain(
      "tcp 443 from 10.1.0.0/16",
    );
    expect(opened([cloudflare], [rule("443", [{ $unknown: true }])])).toContain("known after the update");
    expect(opened([cloudflare, rule("22", ["0.0.0.0/0"])], [cloudflare])).toBeUndefined();
    expect(opened([cloudflare], [rule("443", ["173.245.49.0/24", "2400:cb00:1::/48"])])).toBeUndefined();
    expect(opened([rule("1-1024", ["10.0.0.0/8"])], [rule("443", ["10.2.3.4"])])).toBeUndefined();
    expect(opened([rule("443", ["10.0.0.0/8"])], [rule("1-1024", ["10.0.0.0/8"])])).toContain("tcp 1-1024");
    expect(
      opened([rule("443", ["10.0.0.0/8"])], [{ ...rule("22", ["0.0.0.0/0"]), direction: "out" }]),
    ).toBeUndefined();
  });

  it("are a new firewall that lets the whole internet in, but not one with narrow sources", () => {
    const of = (source: string) =>
      rulesOf(stepOf({ type: FIREWALL, operation: "create", after: { rules: [rule("443", [source])] } }));
    expect(of("::/0")).toEqual(["open-firewall"]);
    expect(of("173.245.48.0/20")).toEqual([]);
  });

  it("are a firewall's deletion", () => {
    expect(rulesOf(stepOf({ type: FIREWALL, operation: "delete", before: { rules: [] } }))).toEqual([
      "open-firewall",
    ]);
  });

  it("are a server that is taken out of its firewall", () => {
    const server = "hcloud:index/server:Server";
    const firewalls = (before: number[], after: Value) =>
      rulesOf(
        stepOf({
          type: server,
          operation: "update",
          before: { firewallIds: before },
          after: { firewallIds: after },
        }),
      );
    expect(firewalls([7], [])).toEqual(["open-firewall"]);
    expect(firewalls([7], [9])).toEqual([]);
    expect(firewalls([], [7])).toEqual([]);
    const attachment = "hcloud:index/firewallAttachment:FirewallAttachment";
    expect(rulesOf(stepOf({ type: attachment, operation: "delete" }))).toEqual(["open-firewall"]);
  });

  it("are a hostname that leaves the proxy or goes away", () => {
    const proxied = { type: "A", proxied: true };
    const moved = stepOf({
      type: RECORD,
      operation: "update",
      before: proxied,
      after: { type: "A", proxied: false },
    });
    expect(rulesOf(moved)).toEqual(["dns-off-proxy"]);
    expect(rulesOf(stepOf({ type: RECORD, operation: "delete", before: proxied }))).toEqual(["delete-dns"]);
    const txt = stepOf({
      type: RECORD,
      operation: "update",
      before: { type: "TXT" },
      after: { type: "TXT" },
    });
    expect(rulesOf(txt)).toEqual([]);
  });

  it("are weaker TLS settings, and not stronger ones", () => {
    const type = "cloudflare:index/zoneSetting:ZoneSetting";
    const setting = (before: string, after: string) =>
      rulesOf(
        stepOf({
          type,
          operation: "update",
          before: { settingId: "min_tls_version", value: before },
          after: { settingId: "min_tls_version", value: after },
        }),
      );
    expect(setting("1.2", "1.0")).toEqual(["weaken-tls"]);
    expect(setting("1.2", "1.3")).toEqual([]);
  });

  it("are a server that is switched off to be resized", () => {
    const diffs = [
      { path: "serverType", kind: "change" as const, replaces: false, before: "cpx11", after: "cpx21" },
    ];
    const [hazard] = hazardsOf(stepOf({ type: "hcloud:index/server:Server", operation: "update", diffs }));
    expect(hazard?.what).toContain("from cpx11 to cpx21");
  });

  it("are a cost above the limits, for a change and for a stack", () => {
    const cost = (beforeCents: number, afterCents: number): Cost => ({
      lines: [],
      beforeCents,
      afterCents,
      source: "",
    });
    const found = (one: Cost, limits: Limits) =>
      findHazards(changeOf([]), one, limits).map(({ what }) => what);
    expect(found(cost(600, 1_800), { monthlyIncreaseCents: 1_000 })[0]).toContain("$12.00 a month more");
    expect(found(cost(600, 1_600), { monthlyIncreaseCents: 1_000 })).toEqual([]);
    expect(found(cost(4_900, 5_100), { monthlyTotalCents: 5_000 })[0]).toContain("its limit is $50.00");
    expect(found(cost(5_200, 5_100), { monthlyTotalCents: 5_000 })).toEqual([]);
  });

  it("are not what a refresh has found", () => {
    expect(rulesOf(stepOf({ type: "hcloud:index/volume:Volume", operation: "refresh" }))).toEqual([]);
  });

  it("come with the worst first", () => {
    const steps = [
      stepOf({ type: "hcloud:index/server:Server", operation: "delete", name: "a" }),
      stepOf({ type: "hcloud:index/volume:Volume", operation: "delete", name: "b" }),
    ];
    expect(findHazards(changeOf(steps), undefined, {}).map(({ severity }) => severity)).toEqual([
      "data-loss",
      "outage",
    ]);
  });

  it("can come from a team's own rule", () => {
    const noFridays: HazardRule = {
      rule: "no-fridays",
      severity: "outage",
      about: "Nothing changes on a Friday.",
      ofChange: ({ steps }) => (steps.length > 0 ? [{ what: "It is Friday.", avoid: "Wait." }] : []),
    };
    const found = findHazards(changeOf([stepOf({})]), undefined, {}, [...HAZARD_RULES, noFridays]);
    expect(found).toMatchObject([{ rule: "no-fridays", resource: "dev", urn: "" }]);
  });
});

describe("an approval's label", () => {
  it("names the rule and the resource", () => {
    expect(approvalLabel({ rule: "replace-server", resource: "app-1" })).toBe("allow:replace-server:app-1");
  });

  it("fits GitHub's 50 characters, and still tells long names apart", () => {
    const label = (end: string) =>
      approvalLabel({ rule: "replace-pages-project", resource: `${"long-name-".repeat(6)}${end}` });
    expect(label("a").length).toBeLessThanOrEqual(50);
    expect(label("a")).not.toBe(label("b"));
  });

  it("is another one for each of two resources of one name", () => {
    const steps = ["A", "B"].map((parent) =>
      stepOf({ type: "hcloud:index/volume:Volume", operation: "delete", urn: `urn:${parent}::data` }),
    );
    const labels = findHazards(changeOf(steps), undefined, {}).map(approvalLabel);
    expect(new Set(labels).size).toBe(2);
    expect(findHazards(changeOf(steps.reverse()), undefined, {}).map(approvalLabel).sort()).toEqual(
      labels.sort(),
    );
  });
});

function rule(port: string, sourceIps: Value[]): { [key: string]: Value } {
  return { direction: "in", protocol: "tcp", port, sourceIps };
}

function opened(before: Value[], after: Value[]): string | undefined {
  const step = stepOf({
    type: FIREWALL,
    operation: "update",
    before: { rules: before },
    after: { rules: after },
  });
  return hazardsOf(step)[0]?.what;
}

function stepOf(over: Partial<Step>): Step {
  return {
    urn: `urn:pulumi:dev::quayside::${over.type}::${over.name ?? "one"}`,
    type: "hcloud:index/sshKey:SshKey",
    name: "one",
    operation: "update",
    dependencies: [],
    protected: false,
    replaceKeys: [],
    diffs: [],
    ...over,
  };
}

function changeOf(steps: Step[]): Change {
  return { schema: 1, stack: "dev", steps, unchanged: 0, outputs: [], diagnostics: [] };
}

function hazardsOf(step: Step) {
  return findHazards(changeOf([step]), undefined, {});
}

function rulesOf(step: Step): string[] {
  return hazardsOf(step).map(({ rule }) => rule);
}
