import { EXIT, UserError } from "../errors.ts";
import type { Caller } from "../flows/environment.ts";

/** The tag that was named, or the one that started the run. */
export function requireTag(named: string | undefined, { event }: Caller, usage: string): string {
  const tag =
    named ?? (event?.ref.startsWith("refs/tags/") ? event.ref.slice("refs/tags/".length) : undefined);
  if (tag) return tag;
  throw new UserError("usage", "No tag was named.", `Usage: npm run ${usage}`, EXIT.usage);
}
