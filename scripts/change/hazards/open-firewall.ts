import { isUnknown, type Step, type Value } from "../model.ts";
import { elements, type HazardRule, members } from "./rule.ts";

const FIREWALL = "hcloud:index/firewall:Firewall";
const ATTACHMENT = "hcloud:index/firewallAttachment:FirewallAttachment";
const SERVER = "hcloud:index/server:Server";

/** Letting in traffic that was kept out. */
export const openFirewall: HazardRule = {
  rule: "open-firewall",
  severity: "security",
  about:
    "A firewall lets in what it kept out before: a new inbound rule, port or source; or a server is taken out of it.",
  ofStep(step) {
    if (detaches(step))
      return [
        {
          what: "Takes a server out of its firewall: every port that it listens on is open to the internet.",
          avoid: "Attach another firewall to it in the same change.",
        },
      ];
    if (step.type !== FIREWALL) return [];
    if (step.operation === "delete" || (step.operation === "refresh" && !step.after))
      return [
        {
          what: "Removes the firewall: every port of its servers is open to the internet.",
          avoid: "Attach another firewall to the servers first.",
        },
      ];
    const opened = openings(step);
    if (opened.length === 0) return [];
    return [
      {
        what: `Lets in ${sentence(opened)}.`,
        avoid:
          "Name the narrowest sources that do; keep 443 to Cloudflare's ranges and use no other inbound port.",
      },
    ];
  },
};

/** True where a server that goes on living has fewer firewalls afterwards. */
function detaches({ type, operation, before, after }: Step): boolean {
  if (type === ATTACHMENT) {
    const left = (side: typeof before) =>
      elements(side?.serverIds).length + elements(side?.labelSelectors).length;
    return operation === "delete" || (after !== undefined && left(after) < left(before));
  }
  if (type !== SERVER || operation === "delete" || !before || !after) return false;
  return elements(after.firewallIds).length < elements(before.firewallIds).length;
}

interface Opening {
  /** `tcp 443`. */
  port: string;
  source: string;
}

/** What is let in after the step and was not before. A new firewall opens only what lets in the whole internet. */
function openings(step: Step): Opening[] {
  const before = allowed(step.before);
  const isNew = step.operation === "create";
  return allowed(step.after).filter((after) => {
    if (isNew) return isWorld(after.source);
    return !before.some((known) => sameTraffic(known.port, after.port) && covers(known.source, after.source));
  });
}

function allowed(properties: { [property: string]: Value } | undefined): Opening[] {
  return elements(properties?.rules).flatMap((rule) => {
    const { direction, protocol, port, sourceIps } = members(rule);
    if (direction !== "in") return [];
    const traffic = `${String(protocol ?? "any")}${port === undefined ? "" : ` ${isUnknown(port) ? "(unknown port)" : String(port)}`}`;
    return elements(sourceIps).map((source) => ({
      port: traffic,
      source: typeof source === "string" ? source : "(known after the update)",
    }));
  });
}

function isWorld(source: string): boolean {
  return source.endsWith("/0");
}

function sameTraffic(known: string, now: string): boolean {
  if (known === now) return true;
  const [protocol, ports] = known.split(" ");
  const [protocolNow, portsNow] = now.split(" ");
  if (protocol !== protocolNow) return false;
  const [low, high] = range(ports);
  const [lowNow, highNow] = range(portsNow);
  return low <= lowNow && highNow <= high;
}

function range(ports: string | undefined): [number, number] {
  if (ports === undefined || ports === "any") return [0, 65_535];
  const [low, high] = ports.split("-").map(Number);
  return [low ?? Number.NaN, high ?? low ?? Number.NaN];
}

/** True when one IPv4 or IPv6 range lies in another. */
function covers(known: string, now: string): boolean {
  if (known === now) return true;
  const outer = network(known);
  const inner = network(now);
  if (!outer || !inner || outer.bits.length !== inner.bits.length || outer.prefix > inner.prefix)
    return false;
  return outer.bits.slice(0, outer.prefix) === inner.bits.slice(0, outer.prefix);
}

function network(cidr: string): { bits: string; prefix: number } | undefined {
  const [address = "", length] = cidr.split("/");
  const bits = address.includes(":") ? bits6(address) : bits4(address);
  return bits === undefined
    ? undefined
    : { bits, prefix: length === undefined ? bits.length : Number(length) };
}

function bits4(address: string): string | undefined {
  const bytes = address.split(".").map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => !(byte >= 0 && byte <= 255))) return undefined;
  return bytes.map((byte) => byte.toString(2).padStart(8, "0")).join("");
}

function bits6(address: string): string | undefined {
  const [head = "", tail] = address.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const front = groups(head);
  const back = groups(tail ?? "");
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  if (zeros < 0) return undefined;
  const all = [...front, ...Array<string>(zeros).fill("0"), ...back];
  if (all.length !== 8 || all.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return all.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, "0")).join("");
}

const MOST_NAMED = 3;

function sentence(opened: readonly Opening[]): string {
  const named = opened
    .slice(0, MOST_NAMED)
    .map(({ port, source }) => `${port} from ${isWorld(source) ? `the whole internet (${source})` : source}`);
  const more = opened.length - named.length;
  return more > 0 ? `${named.join(", ")} and ${more} more` : named.join(", ");
}
