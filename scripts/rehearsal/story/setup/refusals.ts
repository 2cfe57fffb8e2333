import { z } from "zod";
import type { Scene } from "../scene.ts";
import type { SetupMemory } from "./memory.ts";
import { answersOf, changes, fromEnv, run, signUp, tokensOf, writeAnswers } from "./owner.ts";

const Token = z.object({ token: z.string() });

export const refusals: Scene<SetupMemory> = {
  name: "setup-refusals",
  title: "What would not work is refused at once",
  tells:
    "The owner mixes tokens up: one is mistyped, one lacks a permission, one for previews may write. Each is tried at its provider when it is given, and the wizard says what is wrong before anything is made.",
  async play(stage, notes, memory) {
    memory.secrets = tokensOf(stage, await signUp(stage, "robin"));
    Object.assign(stage.canaries, memory.secrets);
    const { cloudflare, github, hetzner, esc } = stage.clouds;
    const lame = await cloudflareToken(cloudflare.url, {
      permissions: "edit",
      but: { DNS: "read", D1: "none" },
    });
    const mightyReader = await cloudflareToken(cloudflare.url, { permissions: "read", but: { DNS: "edit" } });
    Object.assign(stage.canaries, {
      LAME: lame,
      MIGHTY: mightyReader,
      MISTYPED: `${hetzner.token.slice(1)}x`,
    });
    const before = await Promise.all([github.url, esc.url].map(changes));

    for (const { what, answers, says } of [
      {
        what: "a mistyped Hetzner token",
        answers: { "hetzner-token": fromEnv("MISTYPED") },
        says: /Hetzner does not know this token/,
      },
      {
        what: "a Hetzner token that only reads, for deployments",
        answers: { "hetzner-token": fromEnv("HETZNER_READ") },
        says: /It only reads/,
      },
      {
        what: "a Hetzner token that writes, for previews",
        answers: { "hetzner-preview-token": fromEnv("HETZNER_WRITE") },
        says: /It may write, and pull requests use it/,
      },
      {
        what: "a Cloudflare token without two permissions",
        answers: { "cloudflare-token": fromEnv("LAME") },
        says: /It lacks Account · D1 \(Edit\), Zone · DNS \(Edit\)/,
      },
      {
        what: "a Cloudflare token for previews that may change records",
        answers: { "cloudflare-preview-token": fromEnv("MIGHTY") },
        says: /It may write, and pull requests use it: set to Read Zone · DNS/,
      },
      {
        what: "a domain that is no zone of the account",
        answers: { domain: "elsewhere.example" },
        says: /It sees no zone elsewhere\.example/,
      },
      {
        what: "an organization that the token does not administer",
        answers: { "pulumi-organization": "somebody-else" },
        says: /knows no organization somebody-else/,
      },
    ]) {
      const file = writeAnswers(stage, { ...answersOf(stage), ...answers });
      const { exitCode, result, log } = await run(
        stage,
        notes,
        `The wizard, with ${what}`,
        ["setup", "--answers", file],
        { ...memory.secrets, LAME: lame, MIGHTY: mightyReader, MISTYPED: stage.canaries.MISTYPED ?? "" },
      );
      notes.expect(
        `With ${what} the wizard stops with exit code 2 and says so`,
        exitCode === 2 && result.outcome === "setup-answer-wrong" && says.test(String(result.message)),
        `${exitCode} ${JSON.stringify(result)}\n${log.slice(-600)}`,
      );
    }
    const after = await Promise.all([github.url, esc.url].map(changes));
    notes.expect(
      "Nothing was made at GitHub or Pulumi Cloud",
      JSON.stringify(before) === JSON.stringify(after),
      after,
    );
  },
};

async function cloudflareToken(url: string, asked: unknown): Promise<string> {
  const response = await fetch(`${new URL(url).origin}/_rehearsal/tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(asked),
  });
  return Token.parse(await response.json()).token;
}
