import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Document, isMap, parse, parseDocument, Scalar } from "yaml";
import { z } from "zod";
import { EXAMPLE, LEFT_OUT, SETTINGS, STACKS } from "../../template.ts";

const Project = z.object({ name: z.string() });
const Stack = z.object({ config: z.record(z.string(), z.unknown()).nullish() }).nullish();

/**
 * Gives a copy of the repository the names and settings of the template again, as a team's set-up has found them: the story is
 * told, and tested, with these. Settings that only the team has stay.
 *
 * @param dir the copy, which is changed; one that has them already stays as it is, to the last space
 */
export function asTemplate(dir: string): void {
  const namespace = Project.parse(parse(readFileSync(join(dir, "infra", "Pulumi.yaml"), "utf8"))).name;
  const domains = STACKS.map((stack) => {
    const file = join(dir, "infra", `Pulumi.${stack}.yaml`);
    const document = parseDocument(existsSync(file) ? readFileSync(file, "utf8") : "");
    const config = Stack.parse(document.toJS())?.config ?? {};
    if (settle(document, config, namespace, stack)) writeFileSync(file, document.toString({ lineWidth: 0 }));
    return config[`${namespace}:domain`];
  });
  for (const domain of new Set(domains))
    if (typeof domain === "string" && domain !== EXAMPLE.domain) rename(dir, domain);
  offer(dir);
}

/** Leaves the stacks of the template in the choices of the workflows that are started by hand. */
function offer(dir: string): void {
  const folder = join(dir, ".github", "workflows");
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const file = join(folder, name);
    const text = readFileSync(file, "utf8");
    const offered = text.replace(/options: \[[^\]]*\bprod\b[^\]]*\]/g, `options: [${STACKS.join(", ")}]`);
    if (offered !== text) writeFileSync(file, offered);
  }
}

/** Whether there was anything to change. */
function settle(
  document: Document,
  config: Readonly<Record<string, unknown>>,
  namespace: string,
  stack: (typeof STACKS)[number],
): boolean {
  const keyOf = (name: string) => (name.includes(":") ? name : `${namespace}:${name}`);
  const others = Object.entries(SETTINGS[stack]).filter(
    ([name, value]) => !isDeepStrictEqual(config[keyOf(name)], value),
  );
  const map = document.get("config");
  // What is encrypted, is so with the team's passphrase, which nobody has here.
  const surplus = [
    ...LEFT_OUT.map(keyOf).filter((key) => key in config),
    ...(isMap(map) ? map.items : []).flatMap(({ key, value }) =>
      isMap(value) && value.has("secure") ? [String(key)] : [],
    ),
  ];
  for (const [name, value] of others)
    document.setIn(
      ["config", keyOf(name)],
      typeof value === "string" ? quoted(value) : document.createNode(value),
    );
  for (const key of surplus) document.deleteIn(["config", key]);
  return document.delete("encryptionsalt") || others.length + surplus.length > 0;
}

/** As the template writes it: what YAML could take for something else is in quotes. */
function quoted(value: string): Scalar<string> {
  const scalar = new Scalar(value);
  if (/^(|-.*|true|false|\d+)$/.test(value)) scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}

/** Puts the example's domain where a team has put its own. */
function rename(dir: string, domain: string): void {
  const whole = new RegExp(`(?<![\\w-])${domain.replaceAll(".", "\\.")}(?![\\w-])`, "g");
  for (const folder of ["sites", "workers"].map((name) => join(dir, name)).filter((path) => existsSync(path)))
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      const text = readFileSync(file, "utf8");
      const renamed = text.replace(whole, EXAMPLE.domain);
      if (renamed !== text) writeFileSync(file, renamed);
    }
}
