import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { cleanWorldForEach } from "../test/clean-world.ts";
import { aMessage, INTAKE } from "../test/intake.ts";
import { accept } from "./accept.ts";

const guarded = { ...env, INTAKE_TURNSTILE_SECRET: "secret-of-the-widget" };
cleanWorldForEach();

function postWith(token: string | undefined, headers: Record<string, string> = {}, message = aMessage) {
  const body = JSON.stringify({ ...message, ...(token && { "cf-turnstile-response": token }) });
  const request = new Request(INTAKE, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  return accept(request, guarded).then(
    ({ status }) => status,
    (problem: { status: number; code: string }) => `${problem.status} ${problem.code}`,
  );
}

it("lets a visitor in who passed", async () => {
  expect(await postWith("good-1")).toBe(202);
});

it.each([undefined, "", "bad"])("refuses the token %j", async (token) => {
  expect(await postWith(token)).toBe("403 turnstile-failed");
});

it("takes a token once, but the same post again", async () => {
  const key = { "idempotency-key": "post-7" };
  expect(await postWith("good-2", key)).toBe(202);
  expect(await postWith("good-2", key)).toBe(202);
  expect(await postWith("good-2", key, { ...aMessage, message: "Another one" })).toBe("403 turnstile-failed");
});

it.each(["down", "our-fault"])("loses no message when Turnstile can't answer: %s", async (token) => {
  expect(await postWith(token)).toBe(202);
});

it("asks for nothing where no secret is set", async () => {
  const headers = { "content-type": "application/json" };
  const request = new Request(INTAKE, { method: "POST", headers, body: JSON.stringify(aMessage) });
  expect((await accept(request, env)).status).toBe(202);
});
