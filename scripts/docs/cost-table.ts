import type { Catalogue } from "../change/cost.ts";
import { planCosts } from "../providers/plans.ts";
import { type Project, stackSetting } from "../stack/stacks.ts";

/** What a stack's file says, and what is asked instead. */
interface Column {
  title: string;
  setting(key: string): string | undefined;
}

const BEGIN = "<!-- costs: begin; npm run costs prints this table by today's prices -->";
const END = "<!-- costs: end -->";
/** prod with each thing that one may leave away, and with each that one may add. */
const WITHOUT: Record<string, string> = { secondServer: "false", neonPlan: "free", cloudflarePlan: "free" };
const WITH_ALL: Record<string, string> = { secondServer: "true", neonPlan: "launch", cloudflarePlan: "pro" };

/**
 * The monthly cost of each stack as it is configured, and of prod without and with its options, as a Markdown table in US dollars.
 *
 * @throws Error where the price list has no price for a configured server
 */
export function costTable(project: Project, catalogue: Catalogue): string {
  const own = (stack: string) => (key: string) => stackSetting(project, stack, key);
  const instead = (stack: string, values: Record<string, string>) => (key: string) =>
    values[key] ?? stackSetting(project, stack, key);
  const columns: Column[] = [
    ...project.stacks.map((stack) => ({ title: stack, setting: own(stack) })),
    { title: "prod, no options", setting: instead("prod", WITHOUT) },
    { title: "prod, all options", setting: instead("prod", WITH_ALL) },
  ];
  const costs = columns.map(({ setting }) => costOf(setting, catalogue));
  const row = (label: string, cells: readonly string[]) => `| ${label} | ${cells.join(" | ")} |`;
  const labels = [...new Set(costs.flatMap((lines) => lines.map(({ label }) => label)))];
  return [
    BEGIN,
    row(
      "line",
      columns.map(({ title }) => title),
    ),
    `|---|${columns.map(() => "--:|").join("")}`,
    ...labels.map((label) =>
      row(
        label,
        costs.map((lines) => dollars(lines.find((line) => line.label === label)?.cents ?? 0)),
      ),
    ),
    row(
      "**a month**",
      costs.map((lines) => `**${dollars(lines.reduce((sum, { cents }) => sum + cents, 0))}**`),
    ),
    END,
  ].join("\n");
}

/** The page with the table in its place. */
export function withCostTable(page: string, table: string): string {
  const [before, rest = ""] = page.split(BEGIN);
  const after = rest.split(END)[1];
  if (after === undefined) throw new Error(`The page has no place for the table: ${BEGIN}`);
  return `${before}${table}${after}`;
}

function costOf(setting: Column["setting"], catalogue: Catalogue): { label: string; cents: number }[] {
  const type = setting("serverType") ?? "";
  const location = setting("location") ?? "";
  const server = catalogue.serverTypes[type]?.[location];
  const ipv4 = catalogue.primaryIp.ipv4?.[location] ?? catalogue.primaryIp.ipv4?.["*"];
  if (server === undefined || ipv4 === undefined) throw new Error(`No price for ${type} in ${location}`);
  const servers = setting("secondServer") === "true" ? 2 : 1;
  const gigabytes = Number(setting("volumeSize") ?? 0);
  const gigabyte = catalogue.volumeGigabyte[location] ?? catalogue.volumeGigabyte["*"] ?? 0;
  return [
    { label: `server, \`${type}\` in \`${location}\``, cents: server },
    { label: "its IPv4 address", cents: ipv4 },
    { label: "second server, with its address", cents: servers === 2 ? server + ipv4 : 0 },
    { label: `volume of ${gigabytes} GB`, cents: Math.round(gigabyte * gigabytes) },
    ...planCosts(setting).map(({ label, afterCents }) => ({ label, cents: afterCents })),
  ];
}

function dollars(cents: number): string {
  return (cents / 100).toFixed(2);
}
