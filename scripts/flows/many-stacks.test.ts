import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { command as deploy } from "../commands/deploy.ts";
import { command as add } from "../commands/new.ts";
import { command as plan } from "../commands/plan.ts";
import { command as preview } from "../commands/preview.ts";
import { makeWorld, type World } from "./testing/world.ts";

// Four stacks of the project at the root and the two of another, by the real engine. The tests tell one story, in their order.

const OF_ROOT = ["dev", "team1", "team2", "team3"];
const OF_SHOP = ["shop-dev", "shop-prod"];
const STACKS = [...OF_ROOT, ...OF_SHOP];
let world: World;
/** The commit with all of them. */
let sha: string;

beforeAll(async () => {
  world = await makeWorld(dirname(dirname(import.meta.dirname)), STACKS);
  const { checkout } = world;
  const own = parse(checkout.read("infra/Pulumi.dev.yaml")).config as Record<string, string>;
  const job = { event: { name: "push", payload: {} }, sha: "main", ref: "refs/heads/main" };
  await world.run(add, job, ["project", "shop"]);
  for (const stack of OF_SHOP)
    change(`projects/shop/infra/Pulumi.${stack}.yaml`, (config) => {
      config["shop:accountId"] = own["quayside:accountId"] ?? "";
      config["shop:releaseKey"] = own["quayside:releaseKey"] ?? "";
    });
  const infra = join(checkout.dir, "infra");
  const dev = checkout.read("infra/Pulumi.dev.yaml");
  for (const stack of OF_ROOT)
    writeFileSync(
      join(infra, `Pulumi.${stack}.yaml`),
      dev.replace('hostSuffix: "-dev"', `hostSuffix: "-${stack}"`),
    );
  rmSync(join(infra, "Pulumi.prod.yaml"));
  sha = await checkout.commit("A stack for each team, and a shop");
  await checkout.git("push", "--quiet", "origin", "main");
}, 120_000);
afterAll(() => world?.close());

function change(file: string, edit: (config: Record<string, string>) => void): void {
  const document = parse(world.checkout.read(file)) as { config: Record<string, string> };
  edit(document.config);
  writeFileSync(join(world.checkout.dir, file), stringify(document));
}

test("A stack is added by a file, a project by a folder, and a pull request still has one comment and a check run for each", async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error) => warnings.push(warning);
  process.on("warning", warn);
  const { checkout, github } = world;
  await checkout.git("checkout", "--quiet", "-B", "title");
  checkout.edit("projects/shop/sites/www/index.html", "<h1>www</h1>", "<h1>Shop</h1>");
  const head = await checkout.commit("The shop's name");
  await checkout.git("push", "--quiet", "origin", "title");
  const pull = await github.openPull("The shop's name", "title");
  await world.run(
    preview,
    { event: github.pullEvent(pull, "opened"), sha: head, ref: `refs/pull/${pull.number}/merge` },
    [],
  );
  process.off("warning", warn);

  const comments = await github.comments(pull.number);
  expect(comments).toHaveLength(1);
  for (const stack of STACKS) expect(comments[0]?.body).toContain(`\`${stack}\``);
  expect(comments[0]?.body.length).toBeLessThan(65_536);
  const checks = await github.checks(head);
  expect(Object.keys(checks)).toHaveLength(STACKS.length);
  for (const stack of STACKS)
    expect(
      Object.keys(checks).some((name) => name.includes(stack)),
      stack,
    ).toBe(true);
  expect(warnings).toEqual([]);
}, 180_000);

test("A project's tag passes the gate once the commit has run on its own dev, and brings only its own parts", async () => {
  const { checkout } = world;
  await checkout.git("tag", "shop-v1.0.0", sha);
  const tagged = {
    event: world.github.pushEvent("refs/tags/shop-v1.0.0", "0".repeat(40), sha),
    sha,
    ref: "refs/tags/shop-v1.0.0",
  };
  await expect(world.run(plan, tagged, [])).rejects.toMatchObject({
    code: "gate-refused",
    message: expect.stringContaining("never run on shop-dev"),
  });

  const deployed = await world.run(deploy, { ...world.pushed(sha), environment: "shop-dev" }, ["shop-dev"], {
    "verify-limit": "20",
  });
  expect(deployed).toMatchObject({ outcome: "succeeded", deployed: ["sites/www", "image"] });
  const page = await fetch("https://www-shop-dev.example.com/");
  expect(await page.text()).toContain("<h1>www</h1>");

  expect(await world.run(plan, tagged, [])).toMatchObject({ outcome: "succeeded", stack: "shop-prod" });
}, 120_000);
