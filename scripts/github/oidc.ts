import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { messageOf, UserError } from "../errors.ts";
import { maskSecret } from "./output.ts";

const Answer = z.object({ value: z.string().min(1) });
const TRIES = 3;
const PAUSE_MS = 500;
const TIMEOUT_MS = 15_000;

/**
 * The job's identity token for an audience, a JWT of five minutes. It is masked in the log before it is returned.
 * https://docs.github.com/actions/reference/security/oidc
 */
export async function requestIdToken(env: NodeJS.ProcessEnv, audience: string): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = env;
  if (!url || !token)
    throw new UserError(
      "identity-token-unavailable",
      "This job can't ask GitHub for an identity token: ACTIONS_ID_TOKEN_REQUEST_URL or …_TOKEN is not set.",
      "Add `id-token: write` to the job's `permissions:`. A run for a fork's pull request never gets one.",
    );
  // The address that GitHub gives has a query of its own already.
  const address = new URL(url);
  address.searchParams.set("audience", audience);
  for (let attempt = 1; ; attempt++) {
    const result = await ask(address, token);
    if ("value" in result) {
      maskSecret(result.value, env);
      return result.value;
    }
    if (!result.again || attempt === TRIES)
      throw new UserError(
        "identity-token-refused",
        `GitHub gave no identity token for the audience ${audience}: ${result.reason}.`,
        "Run the job again; if it stays so, check the job's `permissions:` for `id-token: write`.",
      );
    await delay(PAUSE_MS * attempt);
  }
}

async function ask(
  address: URL,
  token: string,
): Promise<{ value: string } | { reason: string; again: boolean }> {
  try {
    const response = await fetch(address, {
      headers: { authorization: `Bearer ${token}`, accept: "application/json; api-version=2.0" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok)
      return {
        reason: `status ${response.status}`,
        again: response.status >= 500 || response.status === 429,
      };
    const answer = Answer.safeParse(await response.json());
    return answer.success ? answer.data : { reason: "the answer has no token", again: false };
  } catch (error) {
    return { reason: messageOf(error), again: true };
  }
}
