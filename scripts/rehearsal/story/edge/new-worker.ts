import { execa } from "execa";
import { HOSTS } from "../hosts.ts";
import { deployDevJob } from "../jobs.ts";
import { keepJob, type Scene } from "../scene.ts";
import type { EdgeMemory } from "./memory.ts";
import { commitOnMain } from "./on-main.ts";

export const newWorker: Scene<EdgeMemory> = {
  name: "new-worker",
  title: "A new Worker is one command",
  tells:
    "Somebody types `npm run new worker greeter`, and pushes what that has made as it stands. The deployment finds it by itself: a script, routes on the stack's hosts, a health check.",
  async play(stage, notes, memory) {
    const { checkout } = stage;
    await checkout.git("checkout", "--quiet", "--force", "-B", "main", "origin/main");
    const made = await execa(
      process.execPath,
      ["--no-warnings", "scripts/cli.ts", "new", "worker", "greeter"],
      { cwd: checkout.dir, all: true, reject: false },
    );
    notes.keep("What the command says", "text", made.all);
    notes.expect("The command ends with exit code 0", made.exitCode === 0, made.all);
    const before = memory.main;
    memory.main = await commitOnMain(stage, "Add the Worker greeter");
    keepJob(notes, await deployDevJob(stage, memory.main, before, "Deploy dev with the new Worker"));
    const [hello, app, prod] = await stage.visitor.visit(
      `${HOSTS.dev.www}/greeter`,
      `${HOSTS.dev.app}/greeter/healthz`,
      `${HOSTS.prod.www}/greeter`,
    );
    notes.expect(
      "It answers on dev's website, as the Worker of dev",
      hello?.status === 200 && hello.body === JSON.stringify({ hello: "greeter", stack: "dev" }),
      hello,
    );
    notes.expect("And on the app's host, past the Worker that watches it", app?.status === 200, app);
    notes.expect("Prod has it from its next release on, and not before", prod?.status === 404, prod?.status);
  },
};
