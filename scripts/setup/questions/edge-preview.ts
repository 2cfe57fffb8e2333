import { z } from "zod";
import { resultOf } from "../../providers/cloudflare-api.ts";
import type { Bench } from "../bench.ts";
import { clients } from "../clients.ts";
import type { Finding, Question } from "../question.ts";
import { secretPlace } from "../secret-places.ts";
import { ownSetting } from "../stack-files.ts";

/** What ESC calls the environment of the account for previews, after its project: `edge-preview`. */
export const EDGE = "edge";
export const EDGE_TOKEN = "PREVIEW_CLOUDFLARE_API_TOKEN";

const Accounts = resultOf(z.array(z.object({ id: z.string(), name: z.string() })));

/** The accounts that a token works in. */
export async function accountsOf(bench: Bench, token: string): Promise<{ id: string; name: string }[]> {
  return clients.cloudflare(bench, token).call("GET", "/accounts?per_page=5", Accounts);
}

export const edgePreviewToken: Question = {
  name: "edge-preview-token",
  text: "A Cloudflare API token of a second account, for previews of Workers and sites",
  purpose:
    "A pull request's own Workers and sites can be looked at there. It has to be an account without any stack, which costs nothing: whoever opens a pull request can do there what the token may. This account: Workers Scripts, Workers KV Storage, D1, Cloudflare Pages edit. Left out, a pull request shows what changes and no more.",
  link: "https://dash.cloudflare.com/sign-up",
  secret: true,
  optional: true,
  find: async (bench) => (await (await secretPlace(bench)).read(EDGE, "preview")).values?.[EDGE_TOKEN],
  async check(bench, token): Promise<Finding[]> {
    const { status } = await clients.cloudflare(bench, token).ask("GET", "/user/tokens/verify");
    if (status !== 200)
      return [{ wrong: true, text: "Cloudflare does not know this token: it is mistyped, or was deleted." }];
    const accounts = await accountsOf(bench, token);
    const own = ownSetting(bench, "accountId");
    if (accounts.some(({ id }) => id === own))
      return [
        {
          wrong: true,
          text: "It works in the stacks' own account: whoever opens a pull request could change what runs there.",
        },
      ];
    return accounts.length === 1
      ? []
      : [{ wrong: true, text: `It works in ${accounts.length} accounts, and needs to in one.` }];
  },
};
