import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, styleText } from "node:util";
import { z } from "zod";
import { EXIT, messageOf, UserError } from "../../errors.ts";
import { type Progress, type Torture, torture } from "./torture.ts";

const HELP = `Kills a deployment at every write that the clouds see, and lets the clouds fail at every write; then runs the same
command again and compares what stands there with an undisturbed deployment.

  --later         the deployment of a change to a stack that is up; without it, the first one into an empty world
  --sample N      only N trials, drawn from all
  --only REGEXP   only trials whose name it fits, "kill pipeline at hetzner 10"
  --seed N        draws another sample (default 1)
  --lanes N       how many worlds at once (default 2)
  --resume        go on where the last run was cut off: what it has played already counts, if the program is the same
  --json          print the tally as one line of JSON
  --help          this text

Every outcome is kept as it comes, in .rehearsal-torture-logs/<first|later>/results.jsonl; beside it are the logs of the
trials in which something is wrong.
`;

const count = (least: number) => z.coerce.number().int().min(least).optional();
const Pattern = z
  .string()
  .transform((text, context) => {
    try {
      return new RegExp(text);
    } catch {
      context.addIssue({ code: "custom", message: "is no regular expression" });
      return z.NEVER;
    }
  })
  .optional();
const Values = z.object({ only: Pattern, sample: count(1), seed: count(0), lanes: count(1) });

async function main(): Promise<number> {
  const { values } = readArguments();
  if (values.help) {
    process.stdout.write(HELP);
    return EXIT.done;
  }
  const parsed = Values.safeParse(values);
  if (!parsed.success)
    throw new UserError("bad-argument", z.prettifyError(parsed.error), "See --help.", EXIT.usage);
  const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
  const dir = join(root, ".rehearsal-torture");
  const deployment = values.later ? "later" : "first";
  const logs = join(`${dir}-logs`, deployment);
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interruption.abort());
  let result: Torture;
  try {
    result = await torture({
      root,
      deployment,
      dir,
      logs,
      resume: values.resume,
      seed: parsed.data.seed ?? 1,
      lanes: parsed.data.lanes ?? 2,
      ...(parsed.data.only === undefined ? {} : { only: parsed.data.only }),
      ...(parsed.data.sample === undefined ? {} : { sample: parsed.data.sample }),
      signal: interruption.signal,
      told: teller(logs),
    });
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    process.stderr.write("It was interrupted before its first trial.\n");
    return EXIT.failed;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  const { kills, faults, duplicates, orphans, lost, unequal } = result;
  if (values.json)
    process.stdout.write(`${JSON.stringify({ kills, faults, duplicates, orphans, lost, unequal })}\n`);
  process.stderr.write(summary(result));
  if (interruption.signal.aborted) {
    process.stderr.write("It was interrupted. Go on with the same command and --resume.\n");
    return EXIT.failed;
  }
  return duplicates + orphans + lost + unequal === 0 ? EXIT.done : EXIT.failed;
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        later: { type: "boolean", default: false },
        sample: { type: "string" },
        only: { type: "string" },
        seed: { type: "string" },
        lanes: { type: "string" },
        resume: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    const message = messageOf(error);
    throw new UserError("bad-argument", message, "See --help.", EXIT.usage, { cause: error });
  }
}

/** Tells each trial in a line, and keeps the logs of those that went wrong. */
function teller(logs: string): (progress: Progress) => void {
  let begun = performance.now();
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const line = (mark: string, { done, of }: { done: number; of: number }, ...parts: string[]) => {
    const leftMs = ((performance.now() - begun) / done) * (of - done);
    const left = done < of ? [`(${minutes(leftMs)} left, until ${clock(Date.now() + leftMs)})`] : [];
    say([mark, `${String(done).padStart(String(of).length)}/${of}`, ...parts, ...left].join("  "));
  };
  const keep = (trial: string, log: string) => {
    mkdirSync(logs, { recursive: true });
    const file = join(logs, `${trial.replaceAll(/[^\w.-]+/g, "-")}.log`);
    writeFileSync(file, log);
    say(`    log: ${file}`);
  };
  return (progress) => {
    switch (progress.kind) {
      case "ground":
        return say(
          "Clouds, secrets and a checkout; then a deployment that nobody disturbs, and another one …",
        );
      case "undisturbed": {
        begun = performance.now();
        const { writes, things, trials, before } = progress;
        const known = before > 0 ? `, and ${before} are known from the last run` : "";
        return say(`${writes} writes, ${things} things; ${trials} trials${known}`);
      }
      case "trial": {
        const { outcome, call, log } = progress;
        const mark = log === undefined ? green("✓") : red("✗");
        const took = `${outcome.seconds.toFixed(1)} s`;
        line(mark, progress, `${outcome.trial} (${short(call)})`, outcome.outcomes.join(" → "), took);
        for (const kind of ["duplicates", "orphans", "lost", "unequal"] as const)
          for (const what of outcome[kind]) say(`    ${kind}: ${what}`);
        if (log !== undefined) keep(outcome.trial, log);
        return;
      }
      case "broken": {
        const { trial, call, why } = progress;
        const [first = ""] = why.split("\n");
        line(red("!"), progress, `${trial} (${short(call)})`, `broke off: ${first}`);
        keep(trial, why);
      }
    }
  };
}

/** A call without the ids in it, which say nothing. */
function short(call: string): string {
  return call.replaceAll(/[0-9a-f]{32}|[0-9a-f-]{36}|\d{6,}/g, "…");
}

function summary({
  kills,
  faults,
  duplicates,
  orphans,
  lost,
  unequal,
  broken,
  writes,
  of,
  before,
  seconds,
}: Torture): string {
  const rows: [string, number][] = [
    ["duplicates", duplicates],
    ["orphans", orphans],
    ["lost", lost],
    ["unequal", unequal],
  ];
  return [
    "",
    `${kills} kills and ${faults} faults (of ${of}) at ${writes} writes in ${minutes(seconds * 1000)}${before > 0 ? `, ${before} of them in an earlier run` : ""}`,
    ...rows.map(([name, value]) => `  ${name.padEnd(10)}  ${value === 0 ? green("0") : red(String(value))}`),
    ...(broken > 0
      ? [
          `  ${broken} of them unequal because they broke off; the same command with --resume plays them again`,
        ]
      : []),
    "",
  ].join("\n");
}

function minutes(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

function clock(time: number): string {
  return new Date(time).toTimeString().slice(0, 5);
}

const green = (text: string) => styleText("green", text, { stream: process.stderr });
const red = (text: string) => styleText("red", text, { stream: process.stderr });

try {
  process.exit(await main());
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}\n${error.fix}\n`);
  process.exit(error.exitCode);
}
