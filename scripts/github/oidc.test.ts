import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type TestWorld, testWorld } from "../rehearsal/clouds/github/test-world.ts";
import { requestIdToken } from "./oidc.ts";

describe("the job's identity token", () => {
  let world: TestWorld;
  beforeAll(async () => {
    world = await testWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(() => world.admin("DELETE", "faults"));

  const jobEnv = async (claims: Record<string, string> = {}): Promise<NodeJS.ProcessEnv> => {
    const job = await world.admin("POST", "jobs", { claims });
    return {
      ACTIONS_ID_TOKEN_REQUEST_URL: String(job.idTokenRequestUrl),
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: String(job.idTokenRequestToken),
    };
  };

  it("is for the audience that was asked for and says where the job runs", async () => {
    const jwt = await requestIdToken(await jobEnv({ environment: "prod" }), "urn:pulumi:org:quayside");
    expect(await world.cloud.verifyOidc(jwt)).toMatchObject({
      aud: "urn:pulumi:org:quayside",
      sub: "repo:quayside/quayside:environment:prod",
    });
  });

  it("is asked for again after a failure of the server", async () => {
    const env = await jobEnv();
    await world.admin("POST", "faults", { path: "/_actions/oidc/", fault: { kind: "status", status: 503 } });
    expect(await requestIdToken(env, "a")).toMatch(/^ey/);
  });

  it("needs a permission, and the error says which", async () => {
    await expect(requestIdToken({}, "a")).rejects.toMatchObject({
      code: "identity-token-unavailable",
      fix: expect.stringContaining("id-token: write"),
    });
  });

  it("is refused with a wrong request token, whose value stays untold", async () => {
    const env = { ...(await jobEnv()), ACTIONS_ID_TOKEN_REQUEST_TOKEN: "wrong-token" };
    const error = await requestIdToken(env, "a").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "identity-token-refused" });
    expect(String(error)).not.toContain("wrong-token");
  });
});
