import { execa } from "execa";
import { HOSTS } from "../hosts.ts";
import { deployDevJob } from "../jobs.ts";
import { keepJob, type Scene } from "../scene.ts";
import type { EdgeMemory } from "./memory.ts";
import { commitOnMain } from "./on-main.ts";

export const newWorker: Scene<EdgeMemory> = {
  name: "new-worker",
  title: "A new Worker or site is one command",
  tells:
    "Somebody types `npm run new worker greeter` and `npm run new site docs`, and pushes what that has made as it stands. The deployment finds both by itself: a script, routes on the stack's hosts, a health check; a Pages project with a host of its name.",
  async play(stage, notes, memory) {
    const { checkout } = stage;
    await checkout.git("checkout", "--quiet", "--force", "-B", "main", "origin/main");
    for (const [kind, name] of [
      ["worker", "greeter"],
      ["site", "docs"],
    ] as const) {
      const made = await execa(process.execPath, ["--no-warnings", "scripts/cli.ts", "new", kind, name], {
        cwd: checkout.dir,
        all: true,
        reject: false,
      });
      notes.keep(`What the command says of the ${kind}`, "text", made.all);
      notes.expect(`The command for the ${kind} ends with exit code 0`, made.exitCode === 0, made.all);
    }
    const before = memory.main;
    memory.main = await commitOnMain(stage, "Add the Worker greeter and the site docs");
    keepJob(notes, await deployDevJob(stage, memory.main, before, "Deploy dev with the new parts"));
    const [hello, app, prod, docs] = await stage.visitor.visit(
      `${HOSTS.dev.www}/greeter`,
      `${HOSTS.dev.app}/greeter/healthz`,
      `${HOSTS.prod.www}/greeter`,
      "https://docs-dev.example.com",
    );
    notes.expect(
      "It answers on dev's website, as the Worker of dev",
      hello?.status === 200 && hello.body === JSON.stringify({ hello: "greeter", stack: "dev" }),
      hello,
    );
    notes.expect("And on the app's host, past the Worker that watches it", app?.status === 200, app);
    notes.expect(
      "The site answers on a host of its name, with a policy of its own",
      docs?.status === 200 && docs.headers["content-security-policy"] !== undefined,
      docs,
    );
    notes.expect(
      "Prod has the Worker from its next release on, and not before",
      prod?.status === 404,
      prod?.status,
    );
  },
};
