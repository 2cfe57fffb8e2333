import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Reporter } from "../terminal/reporter.ts";
import { ABOUT, CASES, type Case, type Row } from "./cases.ts";
import { type Checkout, makeCheckout } from "./checkout.ts";
import { type Measured, measure, runProcess } from "./measure.ts";
import { median } from "./median.ts";
import { oursIn } from "./ours.ts";
import type { Expectation, Side } from "./sides.ts";
import { initStack, pulumiUp, stockIn } from "./stock.ts";
import { startWorld, type World } from "./world.ts";

export interface BenchOptions {
  root: string;
  cases: readonly Case[];
  workers: readonly number[];
  /** How often each case is measured on each side. */
  runs: number;
  /** Milliseconds that every call to a cloud takes longer. */
  latencyMs: number;
  reporter: Reporter;
  signal: AbortSignal;
}

type Samples = Record<Case, { ours: Measured<void>[]; stock: Measured<void>[] }>;

/** A side with what it stands on. */
interface Player {
  side: Side;
  checkout: Checkout;
  world: World;
}

/** Plays all cases with each number of Workers. Ours and stock take turns, and so does who begins. */
export async function bench(options: BenchOptions): Promise<Row[]> {
  // Real, because the engine's program is started by the path that the folder really has.
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), "bench-")));
  try {
    const rows: Row[] = [];
    for (const workers of options.workers) rows.push(...(await benchWith(workers, options, scratch)));
    return rows;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function benchWith(workers: number, options: BenchOptions, parent: string): Promise<Row[]> {
  const { cases, runs, reporter, signal } = options;
  const scratch = join(parent, `workers-${workers}`);
  mkdirSync(scratch);
  const samples: Samples = {
    preview: { ours: [], stock: [] },
    "first-deploy": { ours: [], stock: [] },
    "one-changed-worker": { ours: [], stock: [] },
    "nothing-changed": { ours: [], stock: [] },
  };
  const take = async (
    name: Case,
    run: number,
    players: readonly Player[],
    play: (player: Player) => Promise<Measured<void>>,
  ) => {
    const turn = run % 2 === 0 ? players : [...players].reverse();
    for (const player of turn) {
      signal.throwIfAborted();
      const measured = await reporter.step(
        `${ABOUT[name].title}, ${workers} ${workers === 1 ? "Worker" : "Workers"}, run ${run + 1} of ${runs}, ${player.side.name}`,
        () => play(player),
        ({ megabytes }) => `${megabytes.toFixed(0)} MB`,
      );
      samples[name][player.side.name === "ours" ? "ours" : "stock"].push(measured);
    }
  };

  const deployCases = CASES.filter((name) => name !== "preview" && cases.includes(name));
  // Previews need stacks that are there, and each run of a deploy needs clouds in which nothing is.
  const rounds = deployCases.length > 0 ? runs : 1;
  for (let round = 0; round < rounds; round++) {
    const players = await reporter.step("Clouds and checkouts", () => makePlayers(workers, options, scratch));
    try {
      const deploy = (expects: (player: Player) => Expectation) => (player: Player) =>
        measure((run) => player.side.deploy(run, expects(player)), player.side.hosts);
      const first = deploy(() => "everything");
      if (cases.includes("first-deploy")) await take("first-deploy", round, players, first);
      else if (deployCases.length > 0)
        await reporter.step("A first deploy to start from", () => Promise.all(players.map(first)));
      if (cases.includes("one-changed-worker")) {
        for (const { checkout } of players) checkout.changeOneWorker();
        await take(
          "one-changed-worker",
          round,
          players,
          deploy(({ checkout }) => ({ worker: checkout.changed })),
        );
      }
      if (cases.includes("nothing-changed"))
        await take(
          "nothing-changed",
          round,
          players,
          deploy(() => "nothing"),
        );

      if (cases.includes("preview") && round === rounds - 1) {
        await reporter.step("Two stacks, with a change to preview", () =>
          Promise.all(players.map((player) => prepareForPreview(player, deployCases.length > 0))),
        );
        for (let run = 0; run < runs; run++)
          await take("preview", run, players, ({ side }) =>
            measure((start) => side.preview(start), side.hosts),
          );
      }
    } finally {
      await Promise.all(players.map(({ world }) => world.close()));
      rmSync(scratch, { recursive: true, force: true });
      mkdirSync(scratch);
    }
  }
  return CASES.filter((name) => cases.includes(name)).map((name) => rowOf(name, workers, samples[name]));
}

async function makePlayers(
  workers: number,
  { root, latencyMs }: BenchOptions,
  scratch: string,
): Promise<Player[]> {
  const settled = await Promise.allSettled(
    ["ours", "stock"].map((name) => startWorld(join(scratch, name, "world"), latencyMs)),
  );
  const worlds = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  try {
    for (const each of settled) if (each.status === "rejected") throw each.reason;
    return await Promise.all(
      worlds.map(async (world, index) => {
        const name = index === 0 ? "ours" : "stock";
        const { accountId } = world.clouds.cloudflare;
        const { signingKey } = world;
        const settings = { workers, accountId, signingKey };
        const checkout = await makeCheckout(root, join(scratch, name, "checkout"), settings);
        if (name === "ours") return { side: oursIn(checkout, world), checkout, world };
        await initStack(runProcess, checkout, world, "dev");
        return { side: stockIn(checkout, world), checkout, world };
      }),
    );
  } catch (error) {
    await Promise.all(worlds.map((world) => world.close()));
    throw error;
  }
}

/** Brings up what is not up yet, then changes the size of both volumes. */
async function prepareForPreview({ side, checkout, world }: Player, devIsUp: boolean): Promise<void> {
  // Dev first where it is not there: two stacks of one zone don't wait for each other.
  for (const stack of devIsUp ? ["prod"] : ["dev", "prod"]) {
    if (!(stack === "dev" && side.name === "stock")) await initStack(runProcess, checkout, world, stack);
    await pulumiUp(runProcess, checkout, world, stack);
  }
  // On our side the stock engine has just written its salt there, which a clone never has.
  if (side.name === "ours") checkout.restoreSettings();
  checkout.changeInfrastructure();
}

function rowOf(name: Case, workers: number, { ours, stock }: Samples[Case]): Row {
  const seconds = (samples: Measured<void>[]) => median(samples.map((sample) => sample.seconds));
  const megabytes = (samples: Measured<void>[]) =>
    Math.round(median(samples.map((sample) => sample.megabytes)));
  return {
    case: name,
    workers,
    ours_s: round(seconds(ours), 2),
    stock_s: round(seconds(stock), 2),
    ratio: round(seconds(stock) / seconds(ours), 2),
    ours_mb: megabytes(ours),
    stock_mb: megabytes(stock),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
