import * as z from "zod/mini";
import type { Fields } from "./body.ts";
import { Problem } from "./problem.ts";

const line = (label: string, max: number) =>
  z
    .string({ error: `${label} is missing.` })
    .check(
      z.trim(),
      z.minLength(1, { error: `${label} is missing.` }),
      z.maxLength(max, { error: `${label} may have ${max} characters at most.` }),
      z.regex(/^[^\p{Cc}]*$/u, { error: `${label} has to be one line of text.` }),
    );

export const TOPICS = ["berth", "pilotage", "supplies", "crew", "other"] as const;

const Message = z.object({
  name: line("Your name", 200),
  email: line("Your e-mail address", 254).check(
    // https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address, shortened: the browser and the server agree on it
    z.regex(/^[\w.!#$%&'*+/=?^`{|}~-]+@[a-z\d-]+(\.[a-z\d-]+)+$/i, {
      error: "This does not look like an e-mail address.",
    }),
  ),
  vessel: z.optional(
    z
      .string({ error: "The vessel's name has to be text." })
      .check(z.trim(), z.maxLength(200, { error: "The vessel's name may have 200 characters at most." })),
  ),
  topic: z._default(z.enum(TOPICS, { error: `Choose one of ${TOPICS.join(", ")}.` }), "other"),
  message: z
    .string({ error: "Your message is missing." })
    .check(
      z.trim(),
      z.minLength(1, { error: "Your message is missing." }),
      z.maxLength(5000, { error: "Your message may have 5000 characters at most." }),
    ),
});
export type Message = z.infer<typeof Message>;

/** The field that people do not see and programs fill in. */
export const HONEYPOT = "website";

/**
 * The message in a post's fields, or `"bot"` when the honeypot was filled in. Unknown fields are left out.
 *
 * @throws Problem 422 with one entry a field
 */
export function parseMessage(fields: Fields): Message | "bot" {
  if (typeof fields[HONEYPOT] === "string" && fields[HONEYPOT].trim() !== "") return "bot";
  const parsed = Message.safeParse(fields);
  if (parsed.success) return parsed.data;
  const errors = new Map<string, string>();
  for (const issue of parsed.error.issues) {
    const field = String(issue.path[0] ?? "");
    if (!errors.has(field)) errors.set(field, issue.message);
  }
  throw new Problem("invalid-message", "The message was not sent: some fields need another look.", {
    errors: [...errors].map(([field, message]) => ({ field, message })),
  });
}
