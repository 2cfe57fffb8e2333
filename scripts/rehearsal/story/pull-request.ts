import { z } from "zod";
import type { Stage } from "../stage/stage.ts";
import { differences, footprints } from "./footprint.ts";
import { mergePull, openPull, previewJob, pushedAgain } from "./jobs.ts";
import type { LoopMemory } from "./loop.ts";
import { keepJob, type Scene } from "./scene.ts";

/** What the colleague changes; the landing page's new words are looked for later on. */
export const NEW_WORDS = "Rehearsed this morning";

/** A second server costs more than a change may without a word: somebody has to allow it. */
export const APPROVAL = "allow:cost-above:dev";

/** GitHub's limit for a comment, in characters. */
const LONGEST_COMMENT = 65_536;

const Price = z.object({ location: z.string(), price_monthly: z.object({ net: z.coerce.number() }) });
const ServerTypes = z.object({ server_types: z.array(z.object({ prices: z.array(Price) })) });

export const pullRequest: Scene<LoopMemory> = {
  name: "pull-request",
  title: "A pull request says what it would do",
  tells:
    "A colleague gives dev a second server and changes the landing page. The preview of both stacks appears as one comment: what would change, what it would cost, what needs approval. A second push updates the same comment. Nothing is touched. The change is merged, and nobody has read that it needs approval.",
  async play(stage, notes, memory) {
    const { checkout, github } = stage;
    const before = await footprints(stage);
    const pull = await openPull(stage, "second-server", "Give dev a second server", () => {
      checkout.edit(
        "infra/Pulumi.dev.yaml",
        'quayside:secondServer: "false"',
        'quayside:secondServer: "true"',
      );
      checkout.edit("sites/www/index.html", "</h1>", ` <span>${NEW_WORDS}</span></h1>`);
    });
    keepJob(notes, await previewJob(stage, pull));

    const [comment, ...others] = await github.comments(pull.number);
    notes.expect(
      "The pull request has one comment",
      comment !== undefined && others.length === 0,
      others.length + 1,
    );
    const body = comment?.body ?? "";
    notes.keep("The preview's comment, as GitHub shows it", "comment", body);
    const lines = body.split("\n");
    const row = (stack: string) => lines.find((line) => line.startsWith(`| **\`${stack}\`**`)) ?? "";
    notes.expect("Its table has a line for dev that asks for approval", /approval/i.test(row("dev")), lines);
    notes.expect("Its table has a line for prod that is safe", /safe/i.test(row("prod")), lines);
    notes.expect(
      "It names the new server as one to create",
      lines.some((line) => /^\| create \| `server2` \|/.test(line)),
      lines,
    );
    const rise = `+&#36;${await priceOfServer(stage, "cpx21", "hil")}`;
    notes.expect(
      `It puts the new server at the price on Hetzner's own list, ${rise.replace("&#36;", "$")} a month`,
      lines.some((line) => line.startsWith("| `server2` server") && line.includes(rise)),
      lines,
    );
    notes.expect("It says how to allow the rise in cost", body.includes(`label \`${APPROVAL}\``), lines);
    notes.expect("It stays below GitHub's limit", body.length <= LONGEST_COMMENT, body.length);

    await checkout.git("checkout", "--quiet", "--force", "second-server");
    checkout.edit("sites/status/index.html", "</title>", " of every part</title>");
    const headSha = await checkout.commit("Say what the status page is about");
    await checkout.git("push", "--quiet", "origin", "second-server");
    const again = pushedAgain(pull, headSha);
    keepJob(notes, await previewJob(stage, again, "Preview of the second push"));
    const comments = await github.comments(pull.number);
    notes.expect(
      "The second push updates the same comment",
      comments.length === 1 && comments[0]?.id === comment?.id,
      comments.map(({ id }) => id),
    );
    notes.expect(
      "The comment names the new commit",
      comments[0]?.body.includes(headSha.slice(0, 7)) === true,
      headSha,
    );
    const checks = await github.checks(headSha);
    notes.expect(
      "The new commit has a check for dev that is neutral and one for prod that is green",
      checks["preview / dev"] === "neutral" && checks["preview / prod"] === "success",
      checks,
    );
    const after = await footprints(stage);
    const touched = [...differences(before.dev, after.dev), ...differences(before.prod, after.prod)];
    notes.expect("Nothing in the clouds has changed", touched.length === 0, touched);

    memory.pull = { number: pull.number, headSha, creates: created(comments[0]?.body ?? "") };
    memory.commits.feature = await mergePull(stage, pull.number);
  },
};

/** The names in the rows of the comment's table that say “create”. */
function created(body: string): string[] {
  return [...body.matchAll(/^\| create \| `([^`]+)` \| (?:hcloud|cloudflare) /gm)].map(
    ([, name]) => name ?? "",
  );
}

/** Dollars a month as Hetzner's own price list has them, as text with two digits. */
async function priceOfServer(stage: Stage, type: string, location: string): Promise<string> {
  const { server_types } = ServerTypes.parse(await stage.api("hetzner", `/server_types?name=${type}`));
  const price = server_types[0]?.prices.find((each) => each.location === location);
  return price ? price.price_monthly.net.toFixed(2) : "unknown";
}
