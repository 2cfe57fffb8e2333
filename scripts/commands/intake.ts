import { createInterface } from "node:readline/promises";
import { z } from "zod";
import type { Context } from "../context.ts";
import { EXIT, UserError } from "../errors.ts";
import { handleDeadLetters, openIntake, type Which } from "../flows/intake.ts";
import type { DeadLetter, Intake } from "../providers/intake.ts";
import { readProject, requireStack } from "../stack/stacks.ts";
import type { Command, CommandResult } from "./command.ts";

const ACTIONS = ["health", "list", "show", "replay", "purge"] as const;
const Arguments = z.object({
  action: z.enum(ACTIONS, { error: `an action is one of ${ACTIONS.join(", ")}` }),
  id: z.uuid("an id is a UUID, as list shows it").optional(),
  all: z.boolean().default(false),
  yes: z.boolean().default(false),
});

export const command: Command = {
  usage: "intake -- <stack> health|list|show|replay|purge [ID | --all] [--yes]",
  examples: [
    "npm run intake -- prod health",
    "npm run intake -- prod list",
    "npm run intake -- prod show 5e0a2f6c-8f2b-4c1e-9a57-0c6f2f4f9f10",
    "npm run intake -- prod replay --all",
    "npm run intake -- prod purge 5e0a2f6c-8f2b-4c1e-9a57-0c6f2f4f9f10",
  ],
  positionals: ["stack", "action", "id"],
  options: { all: { type: "boolean" }, yes: { type: "boolean" } },
  async run(context, { values, positionals }) {
    const [stackName, action, id] = positionals;
    const parsed = Arguments.safeParse({ action, id, ...values });
    const which = parsed.success ? (parsed.data.all ? "all" : parsed.data.id && { id: parsed.data.id }) : "";
    const problem = parsed.success ? misuse(parsed.data) : z.prettifyError(parsed.error);
    if (!parsed.success || problem !== undefined) {
      throw new UserError("usage", problem ?? "", `Usage: npm run ${this.usage}`, EXIT.usage);
    }
    const project = readProject(context.root);
    const stack = requireStack(project, stackName);
    const target = await openIntake(context, project, stack);
    const run = handlers[parsed.data.action];
    return run({ context, stack, target, which: which || "all", yes: parsed.data.yes });
  },
};

interface Order {
  context: Context;
  stack: string;
  target: Intake;
  which: Which;
  yes: boolean;
}

const handlers: Record<(typeof ACTIONS)[number], (order: Order) => Promise<CommandResult>> = {
  async health({ context, stack, target }) {
    const health = await target.health();
    const { waiting, parked, oldestSeconds } = health.outbox;
    context.reporter.say(
      [
        `The intake of ${stack} is ${health.status}: ${waiting} waiting${waiting ? `, the oldest for ${age(oldestSeconds)}` : ""}, ${parked} parked.`,
        ...health.reasons.map((reason) => `  ${reason}`),
      ].join("\n"),
    );
    return { outcome: "succeeded", health };
  },
  async list({ context, stack, target }) {
    const { deadLetters, total } = await target.deadLetters();
    context.reporter.say(
      total === 0
        ? `No message of ${stack} is parked.`
        : [table(deadLetters), ...more(deadLetters.length, total)].join("\n"),
    );
    return { outcome: "succeeded", deadLetters, total };
  },
  async show({ context, target, which }) {
    const id = which === "all" ? "" : which.id;
    const message = await target.deadLetter(id);
    if (message === undefined) {
      throw new UserError(
        "dead-letter-unknown",
        `No message ${id} is parked.`,
        "List those that are.",
        EXIT.usage,
      );
    }
    context.reporter.say(JSON.stringify(message, undefined, 2));
    return { outcome: "succeeded", message };
  },
  async replay({ context, stack, target, which }) {
    const done = await handleDeadLetters(target, "replay", which, async () => {});
    context.reporter.say(
      done.length === 0
        ? `No message of ${stack} is parked.`
        : `${messages(done.length)} of ${stack} back in the line; what Django refuses again is parked again.`,
    );
    return { outcome: done.length === 0 ? "nothing-to-do" : "succeeded", replayed: done };
  },
  async purge({ context, stack, target, which, yes }) {
    const done = await handleDeadLetters(target, "purge", which, async ({ letters, total }) => {
      if (letters.length > 0)
        context.reporter.say([table(letters), ...more(letters.length, total)].join("\n"));
      await confirm(context, `Forget ${messages(total)} of ${stack} for good?`, yes);
    });
    context.reporter.say(
      done.length === 0
        ? `No message of ${stack} is parked.`
        : `${messages(done.length)} of ${stack} purged.`,
    );
    return { outcome: done.length === 0 ? "nothing-to-do" : "succeeded", purged: done };
  },
};

/** What is wrong with a combination of arguments. */
function misuse({ action, id, all, yes }: z.infer<typeof Arguments>): string | undefined {
  const one = action === "show";
  const some = action === "replay" || action === "purge";
  if (one && (id === undefined || all)) return "show needs the id of one message";
  if (some && (id === undefined) !== all) return `${action} needs the id of a message, or --all`;
  if (!one && !some && (id !== undefined || all)) return `${action} is about the whole, without an id`;
  if (yes && action !== "purge") return "--yes belongs to purge";
  return undefined;
}

/** @throws UserError `purge-unconfirmed` when nobody said yes: nothing was touched */
async function confirm(context: Context, question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (process.stdin.isTTY && !context.json) {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const answer = await terminal.question(`${question} [y/N] `, { signal: context.signal });
      if (/^y(es)?$/i.test(answer.trim())) return;
    } finally {
      terminal.close();
    }
  }
  throw new UserError(
    "purge-unconfirmed",
    `${question} Nobody said yes.`,
    "Nothing was purged. Say yes at the question, or add --yes where there is no terminal.",
    EXIT.stopped,
  );
}

function table(letters: DeadLetter[]): string {
  const rows = letters.map(({ id, receivedAt, parkedAt, attempts, error }) =>
    [id, minute(receivedAt), minute(parkedAt), String(attempts), error].join("  "),
  );
  const header = ["id".padEnd(36), "received (UTC)  ", "parked (UTC)    ", "#", "last answer"].join("  ");
  return [header, ...rows].join("\n");
}

function more(shown: number, total: number): string[] {
  return total > shown ? [`… and ${total - shown} more`] : [];
}

function minute(time: string): string {
  return time.slice(0, 16).replace("T", " ");
}

function age(seconds: number): string {
  return seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
}

function messages(count: number): string {
  return count === 1 ? "1 message" : `${count} messages`;
}
