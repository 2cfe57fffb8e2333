import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";
import type { Caller } from "../flows/environment.ts";

/** What `plan` and `release` have in common: what a person has allowed, and for which change. */
export const APPROVAL_OPTIONS = { allow: { type: "string" }, digest: { type: "string" } } as const;

/** A workflow hands inputs that were left empty on as they are. */
export const APPROVAL_VALUES = {
  allow: z
    .string()
    .default("")
    .transform((text) => text.split(/[\s,]+/).filter(Boolean))
    .refine(
      (labels) => labels.every((label) => label.startsWith("allow:")),
      "must be labels, allow:<hazard>:<resource>",
    ),
  digest: z
    .string()
    .regex(/^([0-9a-f]{12,64})?$/, "must be the digest that the plan has shown, 12 digits of it at least")
    .default(""),
};

/** The tag that was named, or the one that started the run. */
export function requireTag(named: string | undefined, { event }: Caller, usage: string): string {
  const tag =
    named ?? (event?.ref.startsWith("refs/tags/") ? event.ref.slice("refs/tags/".length) : undefined);
  if (tag) return tag;
  throw new UserError("usage", "No tag was named.", `Usage: npm run ${usage}`, EXIT.usage);
}
