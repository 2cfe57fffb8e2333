import { UserError } from "../../errors.ts";
import { mask } from "../../secrets/redaction.ts";
import type { Bench } from "../bench.ts";
import { type Kept, secretPlace, USES, type Use } from "../secret-places.ts";
import { SOURCES, type Source } from "../sources.ts";
import type { Action, Step } from "../step.ts";

/** One place with what is in it. */
interface Slot {
  stack: string;
  use: Use;
  kept: Kept;
}

export const secretsStep: Step = {
  name: "secrets",
  title: "The secrets of each stack",
  purpose:
    "Deployments open what writes, previews a twin that only reads. What nobody has to know (passphrase, keys) is made here and shown nowhere.",
  async find(bench) {
    const place = await secretPlace(bench);
    const slots = await Promise.all(
      bench.project.stacks.flatMap((stack) =>
        USES.map(async (use): Promise<Slot> => ({ stack, use, kept: await place.read(stack, use) })),
      ),
    );
    const made = slots
      .filter(({ kept }) => !kept.exists)
      .map(({ stack, use, kept }) => ({ tells: `make ${kept.place}`, do: () => place.make(stack, use) }));
    const found = (await Promise.all(SOURCES.map((source) => missing(bench, source, slots)))).flat();
    const written = slots.flatMap((slot): Action[] => {
      const own = found.filter((each) => each.slot === slot);
      if (own.length === 0) return [];
      return [
        {
          tells: `put into ${slot.kept.place}: ${own.map(({ variable }) => variable).join(", ")}`,
          async do() {
            for (const { variable, value } of own) {
              const secret = await value();
              mask(secret);
              await place.write(slot.stack, slot.use, variable, secret);
            }
          },
        },
      ];
    });
    // The repository's own secrets are the place of every stack's previews, and are written once.
    return [...made, ...new Map(written.map((action) => [action.tells, action])).values()];
  },
};

/** One variable that a place lacks, or has with another value. */
interface Missing {
  slot: Slot;
  variable: string;
  value(): Promise<string> | string;
}

/** Which places lack one variable. */
async function missing(bench: Bench, source: Source, slots: Slot[]): Promise<Missing[]> {
  const { variable } = source;
  const wanted = slots.filter(({ use }) => source.uses.includes(use));
  const lacking = wanted.filter(({ kept }) => !kept.names.includes(source.variable));
  switch (source.kind) {
    case "given": {
      const actions = await Promise.all(
        wanted.map(async (slot) => {
          const value = await source.value(bench, slot.use);
          if (value === undefined || value === "") return [];
          const known = slot.kept.values?.[source.variable];
          const there = slot.kept.values ? known === value : !lacking.includes(slot);
          return there ? [] : [{ slot, variable, value: () => value }];
        }),
      );
      return actions.flat();
    }
    case "made": {
      if (source.uses.includes("preview")) assertTellable(source, wanted, lacking);
      return lacking.map((slot) => ({
        slot,
        variable,
        value: () => madeValue(bench, source, slot, slots),
      }));
    }
    case "issued": {
      if (lacking.length === 0 || !(await source.wanted(bench))) return [];
      // A stack's places get the same one: issuing another takes the first away.
      const stacks = new Set(lacking.map(({ stack }) => stack));
      return wanted
        .filter(({ stack }) => stacks.has(stack))
        .map((slot) => ({
          slot,
          variable,
          value: () => bench.fact(`issued ${variable} ${slot.stack}`, () => source.issue(bench, slot.stack)),
        }));
    }
  }
}

/** What is made once a stack, or what the stack's other place has already. */
function madeValue(
  bench: Bench,
  source: Extract<Source, { kind: "made" }>,
  { stack, kept }: Slot,
  slots: Slot[],
): Promise<string> {
  // GitHub's secrets for previews are the whole repository's, so all stacks share what is made.
  const shared = !kept.values && source.uses.includes("preview");
  const owner = shared ? "all stacks" : stack;
  return bench.fact(`made ${source.variable} ${owner}`, async () => {
    const twin = slots.find(
      (slot) => slot.stack === stack && slot.kept.values?.[source.variable] !== undefined,
    );
    return twin?.kept.values?.[source.variable] ?? source.make();
  });
}

/** @throws UserError where a value has to be the same in two places and the one that has it does not show it */
function assertTellable(source: Source, wanted: Slot[], lacking: Slot[]): void {
  const hidden = wanted.find((slot) => !slot.kept.values && !lacking.includes(slot));
  if (!hidden || lacking.length === 0) return;
  const [first] = lacking;
  throw new UserError(
    "setup-secret-hidden",
    `${hidden.kept.place} has ${source.variable}, and ${first?.kept.place ?? "another"} lacks it; both need the same value, and GitHub shows none.`,
    `If no stack was deployed yet, delete ${source.variable} there and run npm run setup again. Otherwise set it by hand, if anybody has kept the value: gh secret set ${source.variable}. With the home esc the set-up knows it.`,
  );
}
