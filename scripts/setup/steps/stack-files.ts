import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { homeOf } from "../../stack/stacks.ts";
import { EXAMPLE } from "../../template.ts";
import type { Bench } from "../bench.ts";
import { zone } from "../facts/cloudflare.ts";
import { listed } from "../questions/github.ts";
import { adminRanges, domain, image, location, serverType } from "../questions/stacks.ts";
import { openStackFile } from "../stack-files.ts";
import type { Action, Step } from "../step.ts";

export const stackFilesStep: Step = {
  name: "stack-files",
  title: "The stacks' configuration, and the example's names",
  purpose:
    "Your domain, account, servers and image instead of the template's. These are changes to files, for a pull request.",
  async find(bench) {
    const settings = await wantedSettings(bench);
    return [
      ...bench.project.stacks.flatMap((stack) => stackActions(bench, stack, settings)),
      ...(await names(bench)),
    ];
  },
};

async function wantedSettings(bench: Bench): Promise<Record<string, string | string[]>> {
  return {
    domain: await bench.ask(domain),
    accountId: (await zone(bench)).account.id,
    location: await bench.ask(location),
    serverType: await bench.ask(serverType),
    image: await bench.ask(image),
    adminRanges: listed(await bench.ask(adminRanges)),
  };
}

function stackActions(bench: Bench, stack: string, settings: Record<string, string | string[]>): Action[] {
  const file = openStackFile(bench, stack);
  const isFurther = homeOf(bench.project, stack).prefix !== "";
  const changed = Object.entries(settings).filter(([key, value]) => {
    const current = file.get(key);
    // A further project runs an app of its own, and its servers are born with the image; it may have another domain, too.
    const isOwn = isFurther && (key === "image" || !Object.values<unknown>(EXAMPLE).includes(current));
    return !isOwn && JSON.stringify(current) !== JSON.stringify(value);
  });
  if (changed.length === 0) return [];
  return [
    {
      tells: `write into ${file.name}: ${changed.map(([key, value]) => `${key} ${show(key, value)}`).join(", ")}`,
      async do() {
        for (const [key, value] of changed) file.set(key, value);
        file.save();
      },
    },
  ];
}

function show(key: string, value: string | string[]): string {
  const text = Array.isArray(value) ? value.join(" ") || "nobody" : value;
  return key === "image" ? `${text.slice(0, text.indexOf("@sha256:") + 15)}…` : text;
}

/** The example's domain in the other files that have it. */
async function names(bench: Bench): Promise<Action[]> {
  const own = await bench.ask(domain);
  if (own === EXAMPLE.domain) return [];
  return EXAMPLE.files.flatMap((name) => {
    const path = join(bench.context.root, name);
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    if (!text.includes(EXAMPLE.domain)) return [];
    return [
      {
        tells: `replace ${EXAMPLE.domain} by ${own} in ${name}`,
        do: async () => writeFileSync(path, text.replaceAll(EXAMPLE.domain, own)),
      },
    ];
  });
}
