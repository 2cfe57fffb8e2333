import { join } from "node:path";
import { parseArgs, styleText } from "node:util";
import { z } from "zod";
import { EXIT, UserError } from "../../errors.ts";
import type { CloudAddresses } from "./start.ts";

const HELP = `Starts local emulators of Hetzner Cloud, Cloudflare, GitHub, Pulumi ESC, Neon and Doppler, until SIGTERM or Ctrl-C.

  --json          print where everything is as one line of JSON
  --providers     also start the stand-ins for Pulumi's provider plugins
  --world DIR     the folder that keeps everything (default .rehearsal/clouds)
  --latency MS    make every call take longer
  --empty         nothing is set up: an organization that trusts nobody, a repository made just now
  --help          this text
`;

const Latency = z.coerce.number().int().nonnegative().max(60_000);

async function main(): Promise<void> {
  const options = readArguments();
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  // Who ends this process may do so while it still starts.
  const asked = new Promise<void>((resolve) => {
    process.once("SIGTERM", () => resolve());
    process.once("SIGINT", () => resolve());
  });
  const { startClouds } = await import("./start.ts");
  const clouds = await startClouds({
    world: options.world,
    latencyMs: options.latencyMs,
    providers: options.providers,
    empty: options.empty,
    originUrl: options.originUrl,
  });
  process.stdout.write(
    options.json ? `${JSON.stringify(clouds.addresses)}\n` : table(clouds.addresses, options.world),
  );
  await asked;
  await clouds.close();
}

function readArguments() {
  const { values } = parse();
  const latency = Latency.safeParse(values.latency);
  if (!latency.success)
    throw new UserError(
      "bad-argument",
      `--latency is a number of milliseconds, not "${values.latency}".`,
      "Give a whole number from 0 to 60000: --latency 50.",
      EXIT.usage,
    );
  return {
    json: values.json,
    providers: values.providers,
    help: values.help,
    world: values.world,
    latencyMs: latency.data,
    empty: values.empty,
    originUrl: values["origin-url"],
  };
}

function parse() {
  try {
    return parseArgs({
      options: {
        json: { type: "boolean", default: false },
        providers: { type: "boolean", default: false },
        world: { type: "string", default: join(".rehearsal", "clouds") },
        latency: { type: "string", default: "0" },
        empty: { type: "boolean", default: false },
        // Internal: what answers on the servers instead of the origin stand-in.
        "origin-url": { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UserError("bad-argument", message, "See --help.", EXIT.usage, { cause: error });
  }
}

/** The addresses for a person: one block a cloud, names in a column. */
function table(addresses: CloudAddresses, world: string): string {
  const { providers, ...clouds } = addresses;
  const blocks: [string, object][] = Object.entries(clouds);
  if (providers) blocks.push(["providers", providers]);
  const width = Math.max(...blocks.flatMap(([, rows]) => Object.keys(rows).map((name) => name.length)));
  const style = (format: "bold" | "dim" | "cyan", text: string) =>
    styleText(format, text, { stream: process.stdout });
  const lines = blocks.flatMap(([name, rows]) => [
    style("bold", TITLES[name] ?? name),
    ...Object.entries(rows).map(
      ([key, value]) =>
        `  ${style("dim", key.padEnd(width))}  ${key === "url" ? style("cyan", String(value)) : value}`,
    ),
    "",
  ]);
  const { edge } = addresses;
  return [
    "",
    ...lines,
    style("dim", `The world is kept in ${world}. See it as its visitors do:`),
    `  curl --proxy ${edge.url} --cacert ${edge.ca} https://example.com/`,
    style("dim", "Ctrl-C ends it; started again, it goes on where it was."),
    "",
    "",
  ].join("\n");
}

const TITLES: { [name: string]: string } = {
  hetzner: "Hetzner Cloud",
  cloudflare: "Cloudflare",
  github: "GitHub",
  esc: "Pulumi ESC",
  neon: "Neon",
  doppler: "Doppler",
  edge: "Edge (HTTP proxy into the rehearsed internet)",
  providers: "Stand-ins (PULUMI_DEBUG_PROVIDERS)",
};

try {
  await main();
  process.exit(EXIT.done);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}\n${error.fix}\n`);
  process.exit(error.exitCode);
}
