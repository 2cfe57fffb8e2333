import { expect, test } from "vitest";
import { assertTurnstile } from "./turnstile.ts";

const check = (secret: string | undefined, outputs: unknown) => () =>
  assertTurnstile(
    {
      name: "dev",
      file: "infra/Pulumi.dev.yaml",
      target: { project: "quayside" },
      secrets: { get: () => secret },
    },
    outputs,
  );

test("A widget's site key and its secret come together or not at all", () => {
  expect(check("secret", { turnstileSiteKey: "0x4AAA" })).not.toThrow();
  expect(check(undefined, {})).not.toThrow();
  expect(check("secret", undefined)).not.toThrow();
});

test("One of them alone stops a deployment, with the other one's place", () => {
  expect(check("secret", {})).toThrow(
    expect.objectContaining({
      code: "turnstile-half",
      exitCode: 3,
      fix: expect.stringContaining("quayside:turnstileSiteKey"),
    }),
  );
  expect(check(undefined, { turnstileSiteKey: "0x4AAA" })).toThrow(/no INTAKE_TURNSTILE_SECRET to ask with/);
});
