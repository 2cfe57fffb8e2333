import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Line } from "./line.ts";
import type { Shell } from "./shell.ts";

/** A person's clone, with a repository in a folder as its remote, and a Hetzner that answers. */
export interface Clone {
  dir: string;
  shell: Shell;
  /** Where `origin` leads. */
  remote: string;
  hetzner: { url: string; token: string };
}

const SITE = "sites/www/index.html";
const STACK = "infra/Pulumi.prod.yaml";

async function typed({ shell }: Clone, ...lines: string[]): Promise<string> {
  let said = "";
  for (const line of lines) {
    const answer = await shell.type(line);
    if (answer.exitCode !== 0) throw new Error(`${line}: ${answer.said}`);
    said = answer.said.trim();
  }
  return said;
}

function change({ dir }: Clone, file: string, from: string, to: string): undefined {
  const text = readFileSync(join(dir, file), "utf8");
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  writeFileSync(join(dir, file), text.replace(from, to));
}

/** A team may have taken the documentation's example for its own. */
function without({ dir }: Clone, folder: string): undefined {
  rmSync(join(dir, folder), { recursive: true, force: true });
}

/** What needs nothing but a clone, in an order in which a person could type it. */
export const IN_CLONE: readonly Line<Clone>[] = [
  { line: "npm run cli -- --help", says: /^ {2}rollback +\S/m },
  { line: "openssl rand -base64 32", says: /^[\w+/]{43}=$/m },
  { line: "openssl genpkey -algorithm ed25519", says: /-----BEGIN PRIVATE KEY-----/ },
  // Alone it only says what there is.
  { line: "npx pulumi", exitCode: 1, says: /cancel +Cancel a stack's currently running update/ },
  // Nobody is there to answer.
  { line: "npm run setup", exitCode: 2, says: /There is no terminal to ask on/ },
  { line: "npm run setup -- --questions", says: /hetzner-preview-token/ },
  {
    line: "npm run costs",
    async before(clone) {
      const { url, token } = clone.hetzner;
      await typed(clone, `export HCLOUD_ENDPOINT=${url} HCLOUD_TOKEN=${token}`);
      return undefined;
    },
    says: /\| \*\*a month\*\* \|/,
  },
  // Without arguments they say what they take.
  { line: "npm run new", exitCode: 2, says: /a worker, a site or a project, and its name/ },
  { line: "npm run intake", exitCode: 2, says: /Usage: npm run intake/ },
  { line: "npm run restore", exitCode: 2, says: /Usage: npm run restore|Name one of/ },
  {
    line: "npm run new -- worker greeter",
    before: (clone) => without(clone, "workers/greeter"),
    says: /workers\/greeter\/wrangler\.jsonc/,
  },
  {
    line: "npm run new -- site docs",
    before: (clone) => without(clone, "sites/docs"),
    says: /sites\/docs\/index\.html/,
  },
  { line: "npm run new -- project shop", says: /projects\/shop\/infra\/Pulumi\.shop-dev\.yaml/ },
  {
    line: "npm run new -- worker cart --project shop",
    says: /projects\/shop\/workers\/cart\/wrangler\.jsonc/,
  },
  {
    line: "npm run new -- worker NAME",
    before: async () => ({ NAME: "tide-table" }),
    says: /workers\/tide-table\/wrangler\.jsonc/,
  },
  {
    line: "npm run new -- site NAME",
    before: async () => ({ NAME: "berths" }),
    says: /sites\/berths\/index\.html/,
  },
  {
    line: "npm run format",
    // All files take their time, and .ci/run checks them.
    more: "-- scripts/errors.ts scripts/context.ts",
    before({ dir }) {
      appendFileSync(join(dir, "scripts", "errors.ts"), "\n\n\n\n");
      return undefined;
    },
    says: /Fixed [1-9]/,
  },
  {
    line: "npx wrangler types --include-runtime=false --strict-vars=false",
    async before(clone) {
      await typed(clone, "git add --all", "git commit --quiet --message 'What is new'", "cd workers/intake");
      return undefined;
    },
    says: /worker-configuration\.d\.ts/,
  },
  {
    line: "npm test -- scripts/change",
    async before(clone) {
      // What was written anew is what is there.
      await typed(clone, "git diff --exit-code", "cd ../..");
      return { "scripts/change": "scripts/change/digest" };
    },
    says: /Tests +\d+ passed/,
  },
  // Of all of the documentation's tests, which this is one of, those of a page that is made.
  { line: "npm test -- scripts/docs --update", more: "-t 'page on hazards'", says: /Tests +1 passed/ },
  { line: "npm run clouds -- --json", endless: true, says: /^\{"hetzner":\{"url":"http:\/\/127\.0\.0\.1/m },
  // As much of it as fits into a test.
  {
    line: "npm run load:intake -- --json",
    more: "--posts 20 --speed 3600",
    says: /"posts":20,"delivered":20,"duplicates":0,"lost":0/,
  },
  {
    // A scene that is over sooner.
    line: "npm run rehearse -- --scene merge --keep",
    before: async () => ({ merge: "setup-refusals" }),
    endless: true,
    says: /The clouds go on running/,
  },
  { line: "npm run bench:state", more: "-- --resources 1 --json", says: /^\{"rows":\[\{/m },

  { line: "git switch -c setup", says: /new branch 'setup'/ },
  {
    line: "git commit -a -m 'Set up for our own domain'",
    before: async (clone) => change(clone, STACK, "example.com", "harbour.example"),
    says: /1 file changed/,
  },
  { line: "git push origin setup", says: /\[new branch\] +setup -> setup/ },
  {
    line: "git push origin main",
    async before(clone) {
      await typed(clone, "git switch --quiet main", "git merge --quiet --ff-only setup");
      return undefined;
    },
    says: /main -> main/,
  },
  { line: "git tag v1.0.0", says: /^\s*$/ },
  { line: "git push origin v1.0.0", says: /\[new tag\] +v1\.0\.0 -> v1\.0\.0/ },
  {
    line: "git fetch --tags",
    async before(clone) {
      await typed(clone, "git tag --delete v1.0.0");
      return undefined;
    },
    says: /\[new tag\] +v1\.0\.0/,
  },
  {
    line: "git revert --no-edit <commit>",
    before: async (clone) => ({ "<commit>": await typed(clone, "git rev-parse HEAD") }),
    says: /Revert "Set up for our own domain"/,
  },
  {
    line: "git push origin HEAD:refs/heads/preview-<number>",
    before: async () => ({ "<number>": "42" }),
    says: /\[new branch\] +HEAD -> preview-42/,
  },
  {
    line: "npm run upgrade -- --check",
    async before(clone) {
      // The template goes on: in one place alone, and in one that was changed here too.
      const template = `${clone.dir}-template`;
      const base = await typed(clone, "git rev-parse v1.0.0");
      await typed(
        clone,
        `git clone --quiet ${clone.remote} ${template}`,
        `sed -i 's/<title>/<title>Newer: /' ${template}/${SITE}`,
        `git -C ${template} commit --quiet --all --message 'A newer title'`,
        `sed -i 's/<title>/<title>Own: /' ${SITE}`,
      );
      writeFileSync(join(clone.dir, ".template.json"), JSON.stringify({ from: template, base }));
      await typed(clone, "git add --all", "git commit --quiet --message 'A title of our own'");
      return undefined;
    },
    says: /sites\/www\/index\.html/,
  },
  { line: "npm run upgrade", exitCode: 1, says: /sites\/www\/index\.html/ },
  {
    line: "git commit",
    before: async (clone) => {
      await typed(clone, `git checkout --quiet --ours -- ${SITE}`, `git add ${SITE}`);
      return undefined;
    },
    says: /\[upgrade-/,
  },
  {
    line: "npx pulumi stack export --cwd infra --stack prod --file before.json",
    async before(clone) {
      await typed(
        clone,
        `mkdir ${clone.dir}-state`,
        `export PULUMI_BACKEND_URL=file://${clone.dir}-state PULUMI_CONFIG_PASSPHRASE=old`,
        "npx pulumi stack init --cwd infra prod",
        "git restore infra/Pulumi.prod.yaml",
      );
      return undefined;
    },
    says: /^\s*$/,
  },
  {
    line: "npx pulumi stack change-secrets-provider passphrase --cwd infra --stack prod",
    before({ shell }) {
      // It asks on a terminal only, unless it is told that this is one.
      return shell.type("export PULUMI_TEST_PASSPHRASE=true").then(() => undefined);
    },
    more: "<<<$'new\\nnew'",
    says: /Enter your new passphrase/i,
  },
  {
    line: "git restore infra/Pulumi.prod.yaml",
    async before(clone) {
      await typed(clone, "! git diff --quiet");
      return undefined;
    },
    says: /^\s*$/,
  },
  {
    line: "npx pulumi stack import",
    more: "--cwd infra --stack prod --file before.json",
    says: /Import complete/i,
  },
  {
    line: "git fetch --unshallow",
    async before(clone) {
      const shallow = `${clone.dir}-shallow`;
      await typed(
        clone,
        "git diff --quiet",
        `git clone --quiet --depth 1 file://${clone.remote} ${shallow}`,
        `cd ${shallow}`,
      );
      return undefined;
    },
    // It says nothing; git would refuse it in a clone that is whole.
    says: /^\s*$/,
  },
];
