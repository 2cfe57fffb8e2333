import { connect, type Github } from "../github/client.ts";
import { cloudflareApi } from "../providers/cloudflare-api.ts";
import { dopplerApi } from "../providers/doppler-api.ts";
import { hetznerCloud } from "../providers/hetzner-cloud.ts";
import { neonApi } from "../providers/neon-api.ts";
import { pulumiCloud } from "../providers/pulumi-cloud.ts";
import type { RestApi } from "../providers/rest.ts";
import type { Bench } from "./bench.ts";

/** Each provider's API with a token that is known or still to be looked at, at the address that the environment names. */
export const clients = {
  hetzner: (bench: Bench, token: string): RestApi => hetznerCloud(token, bench.context.env.HCLOUD_ENDPOINT),
  cloudflare: (bench: Bench, token: string): RestApi =>
    cloudflareApi(token, bench.context.env.CLOUDFLARE_BASE_URL),
  pulumi: (bench: Bench, token: string): RestApi => pulumiCloud(token, bench.context.env.PULUMI_API),
  neon: (bench: Bench, key: string): RestApi => neonApi(key, bench.context.env.NEON_API_URL),
  doppler: (bench: Bench, token: string): RestApi => dopplerApi(token, bench.context.env.DOPPLER_API_HOST),
  /** @param fullName `owner/name` */
  github(bench: Bench, fullName: string, token: string): Github {
    const [owner = "", name = ""] = fullName.split("/");
    return connect(token, { owner, name }, bench.context.env.GITHUB_API_URL ?? "https://api.github.com");
  },
};
