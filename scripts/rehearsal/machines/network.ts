import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { attempt, run } from "./commands.ts";

/** Where everything that a machine asks for answers; its names lead there. */
export const INTERNET = "10.99.0.1";
/** The metadata service of every Hetzner server. */
export const METADATA = "169.254.169.254";
/** Hetzner's gateway. */
const GATEWAY = "172.31.1.1";
/** An address of Cloudflare's edge, and one of somebody else's. */
export const VISITORS = { edge: "104.16.132.229", stranger: "198.51.100.66" } as const;

/** A rule of Hetzner's firewall for inbound traffic. */
export interface InboundRule {
  protocol: string;
  port: string | null;
  source_ips: string[];
}

/**
 * A network namespace that stands for the internet, with a link to each machine's own. Its only doors are sockets in the
 * file system: no packet of it can leave the host, or even reach it.
 */
export class Network {
  readonly #name: string;
  readonly #relay: ChildProcess;
  readonly #said: ((line: string) => void)[] = [];
  readonly #sockets: string;

  private constructor(name: string, sockets: string, relay: ChildProcess) {
    this.#name = name;
    this.#sockets = sockets;
    this.#relay = relay;
    if (relay.stdout)
      createInterface({ input: relay.stdout }).on("line", (line) => this.#said.shift()?.(line));
  }

  static async open(name: string, sockets: string): Promise<Network> {
    await run("ip", "netns", "add", name);
    await run("ip", "-n", name, "link", "set", "lo", "up");
    for (const address of [INTERNET, METADATA, ...Object.values(VISITORS)])
      await run("ip", "-n", name, "addr", "add", `${address}/32`, "dev", "lo");
    const relay = spawn(
      "ip",
      ["netns", "exec", name, process.execPath, join(import.meta.dirname, "relay.mjs")],
      {
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    const network = new Network(name, sockets, relay);
    await network.#order({ listen: { host: INTERNET, port: 443 }, connect: join(sockets, "internet.sock") });
    await network.#order({ listen: { host: INTERNET, port: 5432 }, connect: join(sockets, ".s.PGSQL.5432") });
    await network.#order({
      listen: { host: METADATA, port: 80 },
      connect: join(sockets, "metadata-{from}.sock"),
    });
    return network;
  }

  /** A namespace for a machine with Hetzner's addresses; its name. Visitors reach it by {@link doorOf}. */
  async link(id: number, ip: string): Promise<string> {
    const own = `${this.#name}-${id}`;
    const [near, far] = this.#ends(id);
    await run("ip", "netns", "add", own);
    await run("ip", "-n", this.#name, "link", "add", near, "type", "veth", "peer", "name", far, "netns", own);
    await run("ip", "-n", own, "link", "set", far, "name", "eth0");
    await run("ip", "-n", own, "link", "set", "lo", "up");
    await run("ip", "-n", own, "addr", "add", `${ip}/32`, "dev", "eth0");
    await run("ip", "-n", own, "link", "set", "eth0", "up");
    await run("ip", "-n", own, "route", "add", GATEWAY, "dev", "eth0");
    await run("ip", "-n", own, "route", "add", "default", "via", GATEWAY);
    await run("ip", "-n", this.#name, "addr", "add", `${GATEWAY}/32`, "dev", near);
    await run("ip", "-n", this.#name, "link", "set", near, "up");
    await run("ip", "-n", this.#name, "route", "add", `${ip}/32`, "dev", near, "src", METADATA);
    for (const [visitor, localAddress] of Object.entries(VISITORS))
      await this.#order({
        listen: this.doorOf(ip, visitor as keyof typeof VISITORS),
        connect: { host: ip, port: 443, localAddress },
      });
    return own;
  }

  /** The socket that leads to a machine's port 443, from an address of the edge or of a stranger. */
  doorOf(ip: string, visitor: keyof typeof VISITORS = "edge"): string {
    return join(this.#sockets, `${visitor}-${ip}.sock`);
  }

  /** Applies a firewall's rules to what goes to a machine; without rules everything may. */
  async protect(id: number, rules: InboundRule[] | null): Promise<void> {
    const [near] = this.#ends(id);
    const table = `machine${id}`;
    const accepted = (rules ?? []).flatMap(({ protocol, port, source_ips }) => {
      const sources = source_ips.filter((ip) => !ip.includes(":"));
      const what = port === null ? `meta l4proto ${protocol}` : `${protocol} dport ${port}`;
      return sources.length === 0 ? [] : [`ip saddr { ${sources.join(", ")} } ${what} accept`];
    });
    const text = `table inet ${table}
delete table inet ${table}
table inet ${table} {
  chain out {
    type filter hook output priority 0; policy accept;
    oifname != "${near}" accept
    ct state established,related accept
    ${accepted.join("\n    ")}
    ${rules === null ? "accept" : "drop"}
  }
}
`;
    const child = spawn("ip", ["netns", "exec", this.#name, "nft", "--file", "-"], {
      stdio: ["pipe", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.stdin.end(text);
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    if (code !== 0) throw new Error(`nft refused the firewall of machine ${id}: ${said}\n${text}`);
  }

  async unlink(id: number, ip: string): Promise<void> {
    const [near] = this.#ends(id);
    for (const visitor of Object.keys(VISITORS))
      await this.#order({ close: this.doorOf(ip, visitor as keyof typeof VISITORS) });
    await attempt("ip", "-n", this.#name, "link", "del", near);
    await attempt("ip", "netns", "del", `${this.#name}-${id}`);
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#relay.once("exit", resolve));
    this.#relay.stdin?.end();
    await ended;
    await attempt("ip", "netns", "del", this.#name);
  }

  /** Interface names have at most 15 characters. */
  #ends(id: number): [near: string, far: string] {
    const short = id.toString(36).slice(-6);
    return [`vm${short}`, `far${short}`];
  }

  async #order(order: object): Promise<void> {
    const said = new Promise<string>((resolve) => this.#said.push(resolve));
    this.#relay.stdin?.write(`${JSON.stringify(order)}\n`);
    const line = await said;
    if (line !== "listening" && line !== "closed") throw new Error(`the relay: ${line}`);
  }
}
