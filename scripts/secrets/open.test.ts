import { expect, test } from "vitest";
import { openSecrets, withdrawSecrets } from "./open.ts";
import { redact } from "./redaction.ts";

const REQUIRED = {
  HCLOUD_TOKEN: "hetzner-token-of-this-test",
  CLOUDFLARE_API_TOKEN: "cloudflare-token-of-this-test",
  PULUMI_CONFIG_PASSPHRASE: "passphrase-of-this-test",
  DIGEST_KEY: "digest-key-of-this-test",
};
const OTHERS = {
  INTAKE_SIGNING_KEY: "intake-key-of-this-test",
  NEON_API_KEY: "neon-key-of-this-test",
  CLOUDFLARE_API_BASE_URL: "http://127.0.0.1:1/client/v4",
  HCLOUD_ENDPOINT: "http://127.0.0.1:2/v1",
  UNRELATED: "somebody else's",
};

test("Every consumer gets what it needs and nothing that only others need", async () => {
  const secrets = await openSecrets("quayside", "dev", "deploy", { ...REQUIRED, ...OTHERS });
  expect(Object.keys(secrets.forConsumer("wrangler")).sort()).toEqual([
    "CLOUDFLARE_API_BASE_URL",
    "CLOUDFLARE_API_TOKEN",
  ]);
  expect(Object.keys(secrets.forConsumer("engine")).sort()).toEqual([
    "CLOUDFLARE_API_TOKEN",
    "HCLOUD_ENDPOINT",
    "HCLOUD_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE",
  ]);
});

test("What was opened is redacted from then on, places are not", async () => {
  await openSecrets("quayside", "dev", "deploy", { ...REQUIRED, ...OTHERS });
  expect(redact(`${REQUIRED.DIGEST_KEY} at ${OTHERS.HCLOUD_ENDPOINT}`)).toBe(
    `[secret] at ${OTHERS.HCLOUD_ENDPOINT}`,
  );
});

test("All missing variables are named at once, each with where to get it", async () => {
  const opened = openSecrets("quayside", "prod", "preview", {
    ...REQUIRED,
    HCLOUD_TOKEN: "",
    DIGEST_KEY: undefined,
  });
  await expect(opened).rejects.toMatchObject({
    code: "secret-missing",
    exitCode: 2,
    message: "the environment lacks HCLOUD_TOKEN, DIGEST_KEY for preview of prod.",
    fix: expect.stringMatching(/HCLOUD_TOKEN: a Hetzner.*\n.*DIGEST_KEY: any long/),
  });
});

test("A variable that only some flows need is asked for by name", async () => {
  const secrets = await openSecrets("quayside", "dev", "deploy", REQUIRED);
  expect(secrets.get("NEON_API_KEY")).toBeUndefined();
  expect(() => secrets.require("NEON_API_KEY")).toThrow("the environment lacks NEON_API_KEY.");
});

test("Without an identity ESC is not even asked", async () => {
  await expect(
    openSecrets("quayside", "dev", "deploy", { ...REQUIRED, PULUMI_ORG: "quayside" }),
  ).rejects.toMatchObject({ code: "esc-no-identity", exitCode: 2 });
});

test("An ESC that can't be reached is an error that says so", async () => {
  const env = {
    PULUMI_ORG: "quayside",
    PULUMI_ACCESS_TOKEN: "pul-token-of-this-test",
    PULUMI_API: "http://127.0.0.1:1",
  };
  await expect(openSecrets("quayside", "dev", "deploy", env)).rejects.toMatchObject({
    code: "esc-unreachable",
  });
});

test("The process's environment has no secret left, the copy has them all", () => {
  const env = { ...REQUIRED, ...OTHERS, GITHUB_TOKEN: "ghs", ACTIONS_ID_TOKEN_REQUEST_TOKEN: "jwt" };
  const left: NodeJS.ProcessEnv = { ...env };
  expect(withdrawSecrets(left)).toEqual(env);
  expect(Object.keys(left).sort()).toEqual(["CLOUDFLARE_API_BASE_URL", "HCLOUD_ENDPOINT", "UNRELATED"]);
});
