import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { EXAMPLE } from "../template.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const NAMES = [EXAMPLE.domain, EXAMPLE.accountId, EXAMPLE.releaseKey, EXAMPLE.adminRange, "ghcr.io/quayside"];

/** Where a name of the example stands for good, and why the set-up has nothing to replace there. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  "scripts/template.ts": "The one place that says what the example's names are.",
  "infra/src/config.ts": "What a message about a wrong value shows as one that would fit.",
  "scripts/scaffold/worker.ts": "The address that a new Worker's first test asks; any would do.",
};

/** A team's repository has its own names where the example's were. */
const isTemplate = EXAMPLE.files.every((file) =>
  readFileSync(join(ROOT, file), "utf8").includes(EXAMPLE.domain),
);

it.runIf(isTemplate)(
  "leaves the example's names in one source and in the files that it replaces, and nowhere else",
  () => {
    const replaced: readonly string[] = [...EXAMPLE.files, "infra/Pulumi.dev.yaml", "infra/Pulumi.prod.yaml"];
    const found = ["infra", "sites", "workers", "scripts", ".github"].flatMap(sources).filter((file) => {
      const text = withoutComments(readFileSync(join(ROOT, file), "utf8"));
      return NAMES.some((name) => text.includes(name));
    });
    expect(found.filter((file) => !replaced.includes(file) && !(file in EXCEPTIONS))).toEqual([]);
    // An exception that is not needed any more goes.
    expect(Object.keys(EXCEPTIONS).filter((file) => !found.includes(file))).toEqual([]);
    expect(EXAMPLE.files.filter((file) => !found.includes(file))).toEqual([]);
  },
);

/** What is shipped or run; tests, their fixtures and the rehearsal play with the example on purpose. */
function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((file) => join(folder, file))
    .filter((file) => /\.(ts|mjs|js|html|txt|ya?ml|jsonc|toml|py)$|_(headers|redirects)$/.test(file))
    .filter(
      (file) =>
        !/node_modules|\.wrangler|\.test\.ts$|\/(tests?|testing|fixtures|rehearsal|bench|load)\//.test(file),
    );
}

function withoutComments(text: string): string {
  return text.replaceAll(/^\s*(\/\/|\/?\*|#).*$/gm, "");
}
