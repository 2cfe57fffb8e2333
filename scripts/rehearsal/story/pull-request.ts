import { mergePull, openPull, previewJob } from "./jobs.ts";
import { keepJob, type Scene } from "./scene.ts";

/** What the colleague changes; the landing page's new words are looked for later on. */
export const NEW_WORDS = "Rehearsed this morning";

/** A second server costs more than a change may without a word: somebody has to allow it. */
const APPROVAL = "allow:cost-above:dev";

export const pullRequest: Scene = {
  name: "pull-request",
  title: "A pull request says what it would do",
  tells:
    "A colleague gives dev a second server and changes the landing page. The preview of both stacks appears as one comment: what would change, what it would cost, what is dangerous. A second push updates the same comment. Somebody allows the rise in cost with a label, and the change is merged.",
  async play(stage, notes, memory) {
    const { checkout, github } = stage;
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
    notes.expect("The comment names the new server", body.includes("server2"), body.slice(0, 1500));
    notes.expect(
      "The comment has a line for dev and one for prod",
      /\bdev\b/.test(body) && /\bprod\b/.test(body),
      body.slice(0, 1500),
    );
    notes.expect("The comment says what it costs", /(\$|&#36;)\d/.test(body), body.slice(0, 1500));
    notes.expect("The comment stays below GitHub's limit", body.length <= 65_536, body.length);

    await checkout.git("checkout", "--quiet", "--force", "second-server");
    checkout.edit("sites/status/index.html", "</title>", " of every part</title>");
    const headSha = await checkout.commit("Say what the status page is about");
    await checkout.git("push", "--quiet", "origin", "second-server");
    const again = { ...pull, headSha, event: withHead(pull.event, headSha) };
    keepJob(notes, await previewJob(stage, again));
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

    notes.expect(
      "The comment says that the rise in cost needs approval, and how to give it",
      body.includes(APPROVAL),
      body.slice(0, 2500),
    );
    await github.label(pull.number, APPROVAL);
    memory.pull = { number: pull.number, headSha };
    memory.commits.feature = await mergePull(stage, pull.number);
  },
};

function withHead(
  event: { name: string; payload: unknown },
  sha: string,
): { name: string; payload: unknown } {
  const payload = structuredClone(event.payload) as {
    action: string;
    pull_request: { head: { sha: string } };
  };
  payload.action = "synchronize";
  payload.pull_request.head.sha = sha;
  return { name: event.name, payload };
}
