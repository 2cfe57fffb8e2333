import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { command as preview } from "../commands/preview.ts";
import { makeWorld, type World } from "./testing/world.ts";

// Eight stacks in one project: a pull request's job previews all of them, by the real engine.

const STACKS = ["dev", ...Array.from({ length: 7 }, (_, index) => `team${index + 1}`)];
let world: World;

beforeAll(async () => {
  world = await makeWorld(dirname(dirname(import.meta.dirname)), STACKS);
}, 120_000);
afterAll(() => world?.close());

test("A stack is added by a file, and a pull request still has one comment and a check run for each", async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error) => warnings.push(warning);
  process.on("warning", warn);
  const { checkout, github } = world;
  const infra = join(checkout.dir, "infra");
  const dev = checkout.read("infra/Pulumi.dev.yaml");
  for (const stack of STACKS)
    writeFileSync(
      join(infra, `Pulumi.${stack}.yaml`),
      dev.replace('hostSuffix: "-dev"', `hostSuffix: "-${stack}"`),
    );
  rmSync(join(infra, "Pulumi.prod.yaml"));
  await checkout.git("checkout", "--quiet", "-B", "teams");
  const sha = await checkout.commit("A stack for each team");
  await checkout.git("push", "--quiet", "origin", "teams");
  const pull = await github.openPull("A stack for each team", "teams");
  await world.run(
    preview,
    { event: github.pullEvent(pull, "opened"), sha, ref: `refs/pull/${pull.number}/merge` },
    [],
  );
  process.off("warning", warn);

  const comments = await github.comments(pull.number);
  expect(comments).toHaveLength(1);
  for (const stack of STACKS) expect(comments[0]?.body).toContain(`\`${stack}\``);
  expect(comments[0]?.body.length).toBeLessThan(65_536);
  const checks = await github.checks(sha);
  expect(Object.keys(checks)).toHaveLength(STACKS.length);
  for (const stack of STACKS)
    expect(
      Object.keys(checks).some((name) => name.includes(stack)),
      stack,
    ).toBe(true);
  expect(warnings).toEqual([]);
}, 180_000);
