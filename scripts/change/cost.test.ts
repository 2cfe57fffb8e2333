import { describe, expect, it } from "vitest";
import { type Catalogue, estimateCost } from "./cost.ts";
import type { Value } from "./model.ts";

const catalogue: Catalogue = {
  source: "a price list of 2026-11-23",
  serverTypes: { cpx11: { hil: 499, nbg1: 449 }, cpx21: { hil: 899 } },
  volumeGigabyte: { "*": 5.2 },
  primaryIp: { ipv4: { "*": 60 }, ipv6: { "*": 0 } },
  backupPercent: 20,
  plans: [{ label: "Neon Launch", beforeCents: 0, afterCents: 1900 }],
};

const noNets = { publicNets: [{ ipv4Enabled: false, ipv6Enabled: true }] };

function cost(type: string, before?: { [key: string]: Value }, after?: { [key: string]: Value }) {
  const urn = `urn:pulumi:dev::quayside::${type}::one`;
  return estimateCost([{ urn, type, before, after }], { ...catalogue, plans: [] });
}

describe("a cost estimate", () => {
  it("sums servers, volumes, addresses and plans, before and after", () => {
    const urn = (name: string) => `urn:pulumi:dev::quayside::t::${name}`;
    const total = estimateCost(
      [
        {
          urn: urn("app-1"),
          type: "hcloud:index/server:Server",
          before: { serverType: "cpx11", location: "hil", ...noNets },
          after: { serverType: "cpx21", location: "hil", ...noNets },
        },
        { urn: urn("data"), type: "hcloud:index/volume:Volume", before: { size: 20 }, after: { size: 20 } },
        { urn: urn("ip"), type: "hcloud:index/primaryIp:PrimaryIp", after: { type: "ipv4" } },
        { urn: urn("private"), type: "hcloud:index/network:Network", after: {} },
      ],
      catalogue,
    );
    expect([total.beforeCents, total.afterCents]).toEqual([499 + 104, 899 + 104 + 60 + 1900]);
    expect(total.lines.map(({ label }) => label)).toEqual([
      "app-1: server cpx11 → cpx21",
      "data: volume of 20 GB",
      "ip: primary IPv4",
      "Neon Launch",
    ]);
    expect(total.unpriced).toBeUndefined();
  });

  it("adds a fifth for backups, and the address that a server gets by itself", () => {
    const server = "hcloud:index/server:Server";
    expect(
      cost(server, undefined, { serverType: "cpx11", datacenter: "hil-dc1", backups: true, ...noNets }),
    ).toMatchObject({
      afterCents: Math.round(499 * 1.2),
    });
    expect(cost(server, undefined, { serverType: "cpx11", location: "hil" }).afterCents).toBe(559);
    const own = { publicNets: [{ ipv4Enabled: true, ipv4: { $unknown: true as const } }] };
    expect(cost(server, undefined, { serverType: "cpx11", location: "hil", ...own }).afterCents).toBe(499);
  });

  it("rounds each line to whole cents", () => {
    expect(cost("hcloud:index/volume:Volume", { size: 11 }, { size: 12 })).toMatchObject({
      beforeCents: 57,
      afterCents: 62,
    });
  });

  it("makes up no price that it does not have, and says so", () => {
    const server = "hcloud:index/server:Server";
    expect(cost(server, undefined, { serverType: "cpx21", location: "nbg1", ...noNets })).toMatchObject({
      afterCents: 0,
      unpriced: ["one: no price for cpx21 in nbg1"],
    });
    expect(cost("hcloud:index/volume:Volume", undefined, { size: { $unknown: true } }).unpriced).toEqual([
      "one: its size is known only after the update",
    ]);
  });
});
