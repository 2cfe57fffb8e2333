import { EXIT, UserError } from "../errors.ts";
import type { Caller } from "../flows/environment.ts";
import { parseVersion } from "../release/version.ts";
import type { Project } from "../stack/stacks.ts";

/** The tag that was named, or the one that started the run. */
export function requireTag(named: string | undefined, { event }: Caller, usage: string): string {
  const tag =
    named ?? (event?.ref.startsWith("refs/tags/") ? event.ref.slice("refs/tags/".length) : undefined);
  if (tag) return tag;
  throw new UserError("usage", "No tag was named.", `Usage: npm run ${usage}`, EXIT.usage);
}

/** The stack that a tag is for: `prod` of `v1.4.0`, `shop-prod` of `shop-v1.4.0`. */
export function stackOfTag({ homes }: Project, tag: string): string {
  const home = homes.find(({ prefix }) => parseVersion(tag, prefix)) ?? homes[0];
  return `${home.prefix}prod`;
}
