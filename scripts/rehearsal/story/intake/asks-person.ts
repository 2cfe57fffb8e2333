import { z } from "zod";
import { fillEnvironment, variablesForDeploys } from "../fill-esc.ts";
import { HOSTS } from "../hosts.ts";
import { deployDevJob } from "../jobs.ts";
import { keepJob, lastWords, type Scene } from "../scene.ts";
import type { IntakeMemory } from "./chapter.ts";
import { post } from "./sender.ts";

/** Cloudflare's keys for tests, which let everybody pass: https://developers.cloudflare.com/turnstile/troubleshooting/testing/ */
const SITE_KEY = "1x00000000000000000000AA";
const SECRET = "1x0000000000000000000000000000000AA";
const WIDGET_HOST = "https://challenges.cloudflare.com";
const Problem = z.object({ type: z.string(), code: z.string() });

export const asksPerson: Scene<IntakeMemory> = {
  name: "asks-person",
  title: "The form asks for a person",
  tells:
    "Programs have found the form. Somebody adds Turnstile's site key to dev and forgets the secret: nothing is touched. With both, the landing page has the widget, and posts without its token are refused with a problem that has an address.",
  async play(stage, notes) {
    const { checkout, visitor } = stage;
    const before = await checkout.git("rev-parse", "HEAD");
    checkout.edit(
      "infra/Pulumi.dev.yaml",
      "  quayside:neonPlan",
      `  quayside:turnstileSiteKey: ${SITE_KEY}\n  quayside:neonPlan`,
    );
    const sha = await checkout.commit("Ask for a person");
    await checkout.git("push", "--quiet", "origin", "HEAD:main");
    const half = keepJob(notes, await deployDevJob(stage, sha, before, "Deploy dev without the secret"), 3);
    notes.expect(
      "It says which half is missing",
      half.log.includes("the intake has no INTAKE_TURNSTILE_SECRET"),
      lastWords(half),
    );
    const [untouched] = await visitor.visit(HOSTS.dev.www);
    notes.expect(
      "The landing page is as it was, and loads nothing from elsewhere",
      untouched?.body.includes('data-turnstile-site-key=""') === true &&
        untouched.headers["content-security-policy"]?.includes(WIDGET_HOST) === false,
      untouched?.headers,
    );

    await fillEnvironment(stage, "dev", { ...variablesForDeploys(stage), INTAKE_TURNSTILE_SECRET: SECRET });
    keepJob(notes, await deployDevJob(stage, sha, before, "Deploy dev with both"));
    const message = { name: "R", email: "robot@example.net", message: "Buy our containers" };
    const [www, status, refused, taken] = await visitor.visit(
      HOSTS.dev.www,
      HOSTS.dev.status,
      post("203.0.113.40", message),
      post("203.0.113.41", { ...message, "cf-turnstile-response": "XXXX.DUMMY.TOKEN.XXXX" }),
    );
    const policy = www?.headers["content-security-policy"] ?? "";
    notes.expect(
      "The landing page has the site key, and its policy lets in the widget's script and frame",
      www?.body.includes(`data-turnstile-site-key="${SITE_KEY}"`) === true &&
        policy.includes(`script-src 'self' ${WIDGET_HOST}`) &&
        policy.includes(`frame-src ${WIDGET_HOST}`),
      policy,
    );
    notes.expect(
      "The status page, which has no form, lets in nothing more",
      status?.headers["content-security-policy"]?.includes(WIDGET_HOST) === false,
      status?.headers,
    );
    const problem = Problem.safeParse(refused?.status === 403 ? refused.json() : undefined).data;
    notes.expect("A post without a token is refused", problem?.code === "turnstile-failed", refused);
    notes.expect("A post with one is taken", taken?.status === 202, taken);
    const [meaning] = await visitor.visit(problem?.type ?? `${HOSTS.dev.www}/nowhere`);
    notes.expect(
      "The refusal's type leads to a page that says what it means",
      meaning?.status === 200 && meaning.body.includes("turnstile-failed"),
      meaning,
    );
  },
};
