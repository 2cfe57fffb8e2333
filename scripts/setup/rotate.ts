import { EXIT, UserError } from "../errors.ts";
import { mask } from "../secrets/redaction.ts";
import { publicHalf, signingKeys } from "../secrets/signing-keys.ts";
import { stackFile } from "../stack/stacks.ts";
import type { Bench } from "./bench.ts";
import type { Interviewer } from "./interviewer.ts";
import type { Question } from "./question.ts";
import { cloudflarePreviewToken, cloudflareToken } from "./questions/cloudflare.ts";
import { dopplerToken } from "./questions/doppler.ts";
import { hetznerPreviewToken, hetznerToken } from "./questions/hetzner.ts";
import { home } from "./questions/home.ts";
import { neonKey } from "./questions/neon.ts";
import { type SecretPlace, secretPlace, type Use } from "./secret-places.ts";
import {
  addDopplerToken,
  bucketKeyOf,
  endOlderDopplerTokens,
  issuePulumiToken,
  randomText,
  signingKey,
} from "./sources.ts";
import { openStackFile } from "./stack-files.ts";

/** What is written where, and what a person does afterwards. */
export interface Rotation {
  variable: string;
  /** The places that have the new value. */
  places: string[];
  /** What is left for a person: the old token still works until then. */
  next: string;
}

/**
 * How one secret is changed so that nothing stops: the new one is tried and written before the old one ends, and whoever
 * runs meanwhile has a value that works.
 */
interface Way {
  uses: readonly Use[];
  /** The new value; the same for all stacks where it is a person's token. */
  fresh(
    bench: Bench,
    order: { stack: string; use: Use; known: string | undefined; ask: Ask },
  ): Promise<string>;
  next: string;
  /** What the change needs besides, once the new value is in its place; done again where it was cut off. */
  after?(bench: Bench, order: { stack: string; value: string }): Promise<void>;
  /** What `--finish` leaves of a value that has the old one in it. */
  newest?(value: string): string | undefined;
  /** Refuses `--finish` where somebody still needs the old one. */
  mayFinish?(order: { stack: string; file: string; newest: string; trusted: string | undefined }): void;
  /** What `--finish` does where the old one is ended by a call, and not by taking it out of the variable. */
  end?(bench: Bench, order: { stack: string; ask: Ask }): Promise<void>;
  /** What is said after `--finish`. */
  ended?: string;
}
type Ask = (question: Question) => Promise<string>;

const BOTH: readonly Use[] = ["deploy", "preview"];
const DEPLOYS: readonly Use[] = ["deploy"];
const byQuestion =
  (deploy: Question, preview: Question = deploy): Way["fresh"] =>
  (_bench, { use, ask }) =>
    ask(use === "deploy" ? deploy : preview);
/** Two keys with a space between them: the first signs, both are known. */
const beforeTheOld: Way["fresh"] = async (_bench, { known }) => {
  const [old] = (known ?? "").split(" ");
  return old ? `${randomText()} ${old}` : randomText();
};

const WAYS: Record<string, Way> = {
  HCLOUD_TOKEN: {
    uses: BOTH,
    fresh: byQuestion(hetznerToken, hetznerPreviewToken),
    next: "When the jobs that run have ended, delete the old token (console.hetzner.com, project, Security, API tokens).",
  },
  CLOUDFLARE_API_TOKEN: {
    uses: BOTH,
    fresh: byQuestion(cloudflareToken, cloudflarePreviewToken),
    next: "When the jobs that run have ended, delete the old token (dash.cloudflare.com/profile/api-tokens).",
  },
  NEON_API_KEY: {
    uses: DEPLOYS,
    fresh: byQuestion(neonKey),
    next: "When the jobs that run have ended, revoke the old key (console.neon.tech, Account settings, API keys).",
  },
  PULUMI_ACCESS_TOKEN: {
    uses: BOTH,
    fresh: (bench, { stack }) => bench.fact(`fresh ${stack}`, () => issuePulumiToken(bench, stack)),
    next: "The old one has ended: a job that runs at this moment may have to be run again.",
  },
  DIGEST_KEY: {
    uses: BOTH,
    fresh: (bench, { stack }) => bench.fact(`fresh ${stack}`, async () => randomText()),
    next: "Pull requests that were previewed before count as changed: preview them again.",
  },
  INTAKE_SIGNING_KEY: {
    uses: DEPLOYS,
    fresh: beforeTheOld,
    newest: (value) => value.split(" ")[0],
    next: "Both keys are known from the next deployment on. When Django knows the new one, run it again with --finish.",
  },
  INTAKE_OPERATOR_KEY: {
    uses: DEPLOYS,
    fresh: async () => randomText(),
    next: "The next deployment gives it to the Worker; read it in its environment.",
  },
  RELEASE_SIGNING_KEY: {
    uses: DEPLOYS,
    async fresh(_bench, { known = "" }) {
      const [newest = "", older] = known === "" ? [] : signingKeys(known);
      // Under way already: servers may still trust the older one, so that no third takes its place.
      return older === undefined ? signingKey() + newest : known;
    },
    async after(bench, { stack, value }) {
      const file = openStackFile(bench, stack);
      file.set("releaseKey", publicHalf(signingKeys(value)[0] ?? value));
      file.save();
    },
    newest: (value) => signingKeys(value)[0],
    mayFinish({ stack, file, newest, trusted }) {
      if (trusted === undefined || trusted === publicHalf(newest)) return;
      throw new UserError(
        "rotate-early",
        `The servers of ${stack} still believe the old release key, so that it can't go yet.`,
        `Commit ${file}, deploy it, and run this again. Nothing was changed.`,
        EXIT.stopped,
      );
    },
    next: "The public half is in the stack's file: commit that. Its deployment replaces the servers, two of them one after the other; until then the old key signs. Then run it again with --finish.",
  },
  DOPPLER_TOKEN: {
    uses: DEPLOYS,
    fresh: async (bench, { stack, ask }) => addDopplerToken(bench, await ask(dopplerToken), stack),
    next: "The next deployment seals it for the servers; until then they use the old one, which still works. Then run it again with --finish.",
    end: async (bench, { stack, ask }) => endOlderDopplerTokens(bench, await ask(dopplerToken), stack),
    ended: "The older tokens have ended.",
  },
};

/** It encrypts the state, so that the engine has to work where the others are only written: {@link passphraseKeeper}. */
export const PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE";

/** The secrets that can be changed by a command. */
export const ROTATABLE = [...Object.keys(WAYS), PASSPHRASE];

/** Those that can't be, without a stop or without a person, and why. The way by hand: docs/playbook.md, “A secret leaked”. */
export const BY_HAND: Readonly<Record<string, string>> = {
  INTAKE_TURNSTILE_SECRET: "Cloudflare makes it, on the page of the Turnstile widget",
  AWS_ACCESS_KEY_ID: "it is made of the Cloudflare token, and changes with that",
  AWS_SECRET_ACCESS_KEY: "it is made of the Cloudflare token, and changes with that",
};

export interface RotationOrder {
  variable: string;
  stacks: readonly string[];
  /** One use only; both without. */
  use: Use | undefined;
  /** Ends a change in two steps: of two keys the older one goes. */
  finish: boolean;
  /** The release key that a stack's servers believe; undefined where nothing was released yet. */
  trusted(stack: string): Promise<string | undefined>;
}

/**
 * Changes a secret in every place that has it. What a person has to make is asked for and tried at its provider first, so
 * that a wrong one leaves all as it was.
 *
 * @throws UserError `rotate-unknown`, `rotate-by-hand`, `rotate-early`, `setup-answer-wrong`, `setup-unanswered`
 */
export async function rotate(
  bench: Bench,
  interviewer: Interviewer,
  { variable, stacks, use, finish, trusted }: RotationOrder,
): Promise<Rotation> {
  const way = WAYS[variable];
  const reason = BY_HAND[variable];
  if (!way && reason !== undefined) throw byHand(variable, reason);
  if (!way)
    throw new UserError(
      "rotate-unknown",
      `${variable} is not changed by a command.`,
      `Name one of ${ROTATABLE.join(", ")}. For the others see docs/playbook.md, “A secret leaked”.`,
      EXIT.usage,
    );
  const place = await secretPlace(bench);
  const answers = new Map<string, Promise<string>>();
  const ask: Ask = (question) => {
    const known = answers.get(question.name) ?? askAnew(bench, interviewer, question);
    answers.set(question.name, known);
    return known;
  };
  const slots = stacks.flatMap((stack) =>
    way.uses.filter((each) => use === undefined || each === use).map((each) => ({ stack, use: each })),
  );
  if (finish && way.end) {
    for (const stack of stacks)
      await bench.context.reporter.step(`The older ${variable} of ${stack}`, async () =>
        way.end?.(bench, { stack, ask }),
      );
    return { variable, places: [], next: way.ended ?? "" };
  }
  // All values first: a token that is refused changes nothing anywhere.
  const ready = [];
  for (const slot of slots) {
    const kept = await place.read(slot.stack, slot.use);
    const known = kept.values?.[variable];
    const value = finish ? known && way.newest?.(known) : await way.fresh(bench, { ...slot, known, ask });
    if (finish && value && way.mayFinish)
      way.mayFinish({
        stack: slot.stack,
        file: stackFile(bench.project, slot.stack),
        newest: value,
        trusted: await trusted(slot.stack),
      });
    if (value) ready.push({ ...slot, value, place: kept.place });
  }
  const written = new Set<string>();
  for (const { stack, use: each, value, place: where } of ready) {
    mask(value);
    await bench.context.reporter.step(`${variable} in ${where}`, () =>
      place.write(stack, each, variable, value),
    );
    await way.after?.(bench, { stack, value });
    if (variable === "CLOUDFLARE_API_TOKEN") await rewriteBucketKey(bench, place, stack, each, value);
    written.add(where);
  }
  return {
    variable,
    places: [...written],
    next: finish ? "The next deployment forgets the old key." : way.next,
  };
}

/** Where a stack's passphrase is, and the one that is about to take its place. */
export interface KeptPassphrase {
  current: string;
  next: string | undefined;
  /** What has it, for people. */
  places: string[];
  keepNext(passphrase: string): Promise<void>;
  adoptNext(passphrase: string): Promise<void>;
  forgetNext(): Promise<void>;
}

/**
 * Finds a stack's passphrase in its places. The one that is to follow it can be kept beside it, where that can be read again: a
 * change that is cut off must not end with a state that nobody can open.
 *
 * @throws UserError `rotate-by-hand` where secrets are GitHub's, `secret-missing` where there is none yet
 */
export async function passphraseKeeper(bench: Bench, stack: string): Promise<KeptPassphrase> {
  const place = await secretPlace(bench);
  const { pending } = place;
  if (!pending)
    throw byHand(
      PASSPHRASE,
      "GitHub shows no secret again, so that a change which is cut off could leave a state that nobody can open",
    );
  const [deploys, previews] = [await place.read(stack, "deploy"), await place.read(stack, "preview")];
  const current = deploys.values?.[PASSPHRASE];
  if (current === undefined)
    throw new UserError(
      "secret-missing",
      `${deploys.place} lacks ${PASSPHRASE}.`,
      "npm run setup makes one.",
      EXIT.usage,
    );
  return {
    current,
    next: await pending.read(stack, PASSPHRASE),
    places: [deploys.place, previews.place],
    keepNext: (passphrase) => pending.write(stack, PASSPHRASE, passphrase),
    async adoptNext(passphrase) {
      for (const use of BOTH) await place.write(stack, use, PASSPHRASE, passphrase);
    },
    forgetNext: () => pending.write(stack, PASSPHRASE, undefined),
  };
}

function byHand(variable: string, reason: string): UserError {
  return new UserError(
    "rotate-by-hand",
    `${variable} is not changed by a command: ${reason}.`,
    "The way by hand is in docs/playbook.md, “A secret leaked”. Nothing was changed.",
    EXIT.usage,
  );
}

/** Without Pulumi Cloud a bucket keeps the state, and what opens it is made of the same token. */
async function rewriteBucketKey(
  bench: Bench,
  place: SecretPlace,
  stack: string,
  use: Use,
  token: string,
): Promise<void> {
  if ((await bench.ask(home)) === "pulumi") return;
  const key = await bucketKeyOf(bench, token);
  if (!key) return;
  mask(key.secret);
  await place.write(stack, use, "AWS_ACCESS_KEY_ID", key.id);
  await place.write(stack, use, "AWS_SECRET_ACCESS_KEY", key.secret);
}

/** A new answer to a question whose old one is known and works. */
async function askAnew(bench: Bench, interviewer: Interviewer, question: Question): Promise<string> {
  let complaint: string | undefined;
  for (;;) {
    const insisted = complaint === undefined ? interviewer.insists(question) : undefined;
    const answer = (insisted ?? (await interviewer.answer(question, undefined, complaint)))?.trim();
    if (!answer)
      throw new UserError(
        "setup-unanswered",
        `Nobody gives the new ${question.name}.`,
        `Make one${question.link ? ` at ${question.link}` : ""}, and put it into the answers file, or run the command on a terminal.`,
        EXIT.usage,
      );
    mask(answer);
    const findings = (await question.check?.(bench, answer)) ?? [];
    const wrong = findings.filter((finding) => finding.wrong);
    if (wrong.length === 0) return answer;
    complaint = wrong.map(({ text }) => text).join("\n");
  }
}
