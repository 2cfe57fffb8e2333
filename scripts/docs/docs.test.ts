import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize, relative } from "node:path";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { hazardPage } from "../change/hazards/page.ts";
import { hazardRules } from "../flows/hazard-rules.ts";
import { readPolicy } from "../flows/policy.ts";
import { readCatalogue } from "../providers/hetzner.ts";
import { planCosts } from "../providers/plans.ts";
import { startTestCloud, TOKENS } from "../rehearsal/clouds/hetzner/test-cloud.ts";
import { asTemplate } from "../rehearsal/stage/as-template.ts";
import { VARIABLES } from "../secrets/variables.ts";
import { readProject, stackSetting } from "../stack/stacks.ts";
import { costTable, withCostTable } from "./cost-table.ts";
import { readPage, slugOf } from "./markdown.ts";
import { ROOT, readPages } from "./pages.ts";
import { checkCommandLine, commandNames, loadCommand } from "./programs.ts";
import { setupGuide } from "./setup-guide.ts";

// Every command of the documentation is checked against what it calls: npm scripts, the CLI's own options, workflow inputs, the
// help of the real engine, of wrangler, git and openssl. Where each is executed is in executed-commands.ts.

const pages = readPages();

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

function sourcesBelow(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .map((file) => join(folder, file))
      .filter((file) => /\.(ts|mjs|yml|yaml)$/.test(file) && !/node_modules|\.wrangler/.test(file)),
  );
}

describe("the documentation's commands", () => {
  const commands = [...pages].flatMap(([file, page]) => page.commands.map((line) => ({ file, line })));

  it("could all be run as they stand", async () => {
    expect(commands.length).toBeGreaterThan(30);
    const wrong = await Promise.all(
      commands.map(async ({ file, line }) => {
        const problem = await checkCommandLine(line);
        return problem === undefined ? [] : [`${file}: ${line}: ${problem}`];
      }),
    );
    expect(wrong.flat()).toEqual([]);
    // Each program is started for its help, which takes its time on a busy machine.
  }, 120_000);

  it("are looked at by a check that finds mistakes", async () => {
    const wrong = [
      "npm run rehears",
      "npm run preview -- dev --no-such",
      "npm run rollback -- prod --scope everything",
      "npm run rehearse -- --scene nowhere",
      "npm run clouds -- --no-such",
      "npm run cli -- unlock",
      "npx pulumi cancle --stack prod",
      "npx pulumi env run a/b/c -- npx pulumi cancel --no-such",
      "gh workflow run rollback.yml -f stack=nowhere",
      "gh workflow run nothing.yml",
      "git push --no-such",
      "rm -rf /",
    ];
    const problems = await Promise.all(wrong.map(checkCommandLine));
    expect(wrong.filter((_, index) => problems[index] === undefined)).toEqual([]);
  });

  it("can all be asked for help, each with an example", async () => {
    const names = await commandNames();
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      const { examples, usage } = await loadCommand(name);
      expect(examples.length, name).toBeGreaterThan(0);
      expect(usage, name).toMatch(new RegExp(`^${name}\\b`));
    }
  });

  it("are what just calls", async () => {
    const lines = read("justfile")
      .split("\n")
      .filter((line) => /^ {4}(npm|bash) /.test(line))
      .map((line) => line.trim().replaceAll("{{stack}}", "dev").replaceAll("{{tag}}", "v1.0.0"))
      .map((line) => line.replaceAll(/ ?\{\{\w+\}\}/g, ""));
    expect(lines.length).toBeGreaterThan(8);
    expect(lines.join("\n")).not.toContain("{{");
    const problems = await Promise.all(lines.map(checkCommandLine));
    expect(problems.filter(Boolean)).toEqual([]);
  });
});

describe("the documentation's references", () => {
  it("lead to files, images and headings that are there", () => {
    const broken: string[] = [];
    for (const [file, page] of pages) {
      for (const target of page.targets) {
        if (/^https?:/.test(target)) continue;
        const [path = "", anchor] = target.split("#");
        const to = path === "" ? file : normalize(join(dirname(file), path));
        if (!existsSync(join(ROOT, to))) broken.push(`${file}: ${target}`);
        else if (anchor !== undefined && !readPage(read(to)).anchors.includes(anchor))
          broken.push(`${file}: ${target} (no such heading)`);
      }
    }
    expect(broken).toEqual([]);
  });

  it("name files of the repository that exist", () => {
    const missing = [...pages].flatMap(([file, { codes }]) =>
      codes
        .filter((code) => /^(\.github|docs|infra|scripts|sites|workers)\/[\w./-]+$/.test(code))
        .filter((code) => !existsSync(join(ROOT, code)))
        .map((code) => `${file}: ${code}`),
    );
    expect(missing).toEqual([]);
  });

  it("are right the other way round: what sources say about a page is on that page", () => {
    const broken: string[] = [];
    for (const file of sourcesBelow("scripts", "infra", "workers", ".github")) {
      if (file === relative(ROOT, import.meta.filename)) continue;
      for (const [, page = "", , heading] of read(file).matchAll(/\b(docs\/[\w./-]+\.md)(, “([^”]+)”)?/g)) {
        if (!pages.has(page)) broken.push(`${file}: ${page}`);
        else if (heading && !pages.get(page)?.anchors.includes(slugOf(heading)))
          broken.push(`${file}: ${page}, “${heading}”`);
      }
    }
    expect(broken).toEqual([]);
  });

  it("list every decision", () => {
    const index = pages.get("docs/decisions/README.md")?.targets ?? [];
    expect(index).toEqual(readdirSync(join(ROOT, "docs/decisions")).filter((name) => /^\d/.test(name)));
  });
});

describe("the playbook", () => {
  it("has a line for every code that a command can end with", () => {
    const playbook = new Set(pages.get("docs/playbook.md")?.codes);
    const codes = new Set<string>();
    for (const file of sourcesBelow("scripts", "infra")) {
      if (/\.test\.ts$|\/testing\//.test(file)) continue;
      for (const [, argument = ""] of read(file).matchAll(/new (?:UserError|ToolchainFailure)\(\s*([^,]+),/g))
        for (const [, code = ""] of argument.matchAll(/"([a-z-]+)"/g)) codes.add(code);
    }
    const kinds = /export type RefusalKind =([^;]+);/.exec(read("scripts/github/refusal.ts"))?.[1] ?? "";
    for (const [, kind = ""] of kinds.matchAll(/"([a-z-]+)"/g)) codes.add(`github-${kind}`);
    expect(codes.size).toBeGreaterThan(40);
    expect([...codes].filter((code) => !playbook.has(code)).sort()).toEqual([]);
  });
});

describe("the page on secrets", () => {
  it("names every variable that the pipeline knows", () => {
    const codes = pages.get("docs/secrets.md")?.codes ?? [];
    expect(VARIABLES.map(({ name }) => name).filter((name) => !codes.includes(name))).toEqual([]);
  });
});

describe("the page on hazards", () => {
  it("is what the rules say", async () => {
    await expect(hazardPage(await hazardRules(ROOT))).toMatchFileSnapshot(join(ROOT, "docs/hazards.md"));
  });
});

describe("the guide to the set-up", () => {
  it("is what the set-up asks, does and refuses", async () => {
    await expect(setupGuide()).toMatchFileSnapshot(
      join(ROOT, "docs/knowledge/playbook/infrastructure-setup.md"),
    );
  });
});

describe("the page on costs", () => {
  const Catalogue = z.object({
    date: z.string(),
    volumeGbMonthly: z.coerce.number(),
    primaryIpv4Monthly: z.coerce.number(),
    serverTypes: z.array(
      z.object({
        name: z.string(),
        places: z.record(z.string(), z.object({ usdMonthly: z.coerce.number() })),
      }),
    ),
  });
  const catalogue = Catalogue.parse(JSON.parse(read("scripts/rehearsal/clouds/hetzner/catalogue.json")));
  // As the template has it: the page is not about what a team has set its own stacks to.
  const template = mkdtempSync(join(tmpdir(), "quayside-template-"));
  for (const file of ["Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml"])
    cpSync(join(ROOT, "infra", file), join(template, "infra", file));
  asTemplate(template);
  afterAll(() => rmSync(template, { recursive: true }));
  const project = readProject(template);
  const text = read("docs/costs.md");

  function monthly(stack: string, type: string, location: string): number {
    const setting = (key: string) => stackSetting(project, stack, key);
    const server = catalogue.serverTypes.find(({ name }) => name === type)?.places[location]?.usdMonthly;
    if (server === undefined) throw new Error(`${type} has no price in ${location}`);
    const servers = setting("secondServer") === "true" ? 2 : 1;
    const volume = Math.round(catalogue.volumeGbMonthly * Number(setting("volumeSize")) * 100) / 100;
    const plans = planCosts(setting).reduce((sum, { afterCents }) => sum + afterCents / 100, 0);
    return servers * (server + catalogue.primaryIpv4Monthly) + volume + plans;
  }

  it("has the table that the price list of the rehearsed Hetzner gives", async () => {
    const { cloud, stop } = await startTestCloud();
    onTestFinished(stop);
    const prices = await readCatalogue(TOKENS.read, new Date(), [], `${cloud.url}/v1`);
    await expect(withCostTable(text, costTable(project, prices))).toMatchFileSnapshot(
      join(ROOT, "docs/costs.md"),
    );
  });

  it("adds up to what the configuration and the catalogue say", () => {
    const defaults = project.stacks.map((stack) =>
      monthly(
        stack,
        stackSetting(project, stack, "serverType") ?? "",
        stackSetting(project, stack, "location") ?? "",
      ),
    );
    expect(text).toContain(
      `| **a month** | ${defaults.map((sum) => `**${sum.toFixed(2)}**`).join(" | ")} | `,
    );
    expect(text).toContain(`dated ${catalogue.date}`);
    const second = monthly("prod", "cpx21", "hil") - monthly("dev", "cpx21", "hil");
    const plans = planCosts((key) => stackSetting(project, "prod", key));
    const neon = plans.reduce((sum, { afterCents }) => sum + afterCents / 100, 0);
    expect(text).toContain(`A second server is ${(second - neon).toFixed(2)} more`);
    const { limits } = readPolicy(project, "dev");
    expect(text).toContain(`more than ${(limits.monthlyIncreaseCents ?? 0) / 100} dollars a month`);
  });

  it("has the cheaper choices at their prices", () => {
    const rows = [...text.matchAll(/^\| `(\w+)` in (`.*?) \(?.*?\| ([\d.]+) \|/gm)];
    expect(rows.length).toBeGreaterThan(4);
    for (const [row, type = "", , price = ""] of rows) {
      const locations = [...row.matchAll(/`(hil|ash|fsn1|nbg1|hel1|sin)`/g)].flatMap(
        ([, name]) => name ?? [],
      );
      for (const location of locations) expect(monthly("dev", type, location).toFixed(2), row).toBe(price);
    }
  });
});

describe("renovate's groups", () => {
  it("name packages that are there", () => {
    const Rules = z.object({ packageRules: z.array(z.object({ matchPackageNames: z.array(z.string()) })) });
    const names = Rules.parse(JSON.parse(read("renovate.json"))).packageRules.flatMap(
      ({ matchPackageNames }) => matchPackageNames,
    );
    const known = `${read("package.json")}\n"${/github\.com\/pulumi\/pulumi\/pkg\/v\d+/.exec(read("scripts/toolchain/engine/go.mod"))?.[0]}"`;
    expect(names.filter((name) => !known.includes(`"${name}"`))).toEqual([]);
  });
});
