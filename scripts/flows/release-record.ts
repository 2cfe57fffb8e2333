import { createHmac } from "node:crypto";
import { z } from "zod";
import type { StackOutputs } from "../../infra/src/outputs.ts";
import type { Context } from "../context.ts";
import { EXIT, UserError } from "../errors.ts";
import { cloudflare } from "../providers/cloudflare.ts";
import { publicHalf, quotedStrings, writeRecord } from "../release/record.ts";
import { sealForServers } from "../release/seal.ts";
import type { OpenedStack } from "./environment.ts";

const Announced = z.looseObject({ releaseRecord: z.looseObject({ publicKey: z.string() }) });

/**
 * Refuses a deployment whose servers would not believe it, before anything is touched.
 *
 * @param outputs those of the preview, of whatever shape
 * @throws UserError `secret-missing`, `signing-key-unreadable`, `release-key-mismatch`
 */
export function assertSigner({ name, secrets }: OpenedStack, outputs: unknown): void {
  const own = publicHalf(secrets.require("RELEASE_SIGNING_KEY"));
  const wanted = Announced.safeParse(outputs).data?.releaseRecord.publicKey;
  if (wanted === undefined || wanted === own) return;
  throw new UserError(
    "release-key-mismatch",
    `The servers of ${name} trust the release key ${wanted}, but RELEASE_SIGNING_KEY is the private half of ${own}.`,
    `Put the second one into infra/Pulumi.${name}.yaml as quayside:releaseKey (it replaces the servers), or the first one's private half into ESC.`,
    EXIT.stopped,
  );
}

/** Stands for the app's token in a manifest: says whether it is another one, and nothing else. Undefined without a token. */
export function appTokenHash({ secrets }: OpenedStack): string | undefined {
  const token = secrets.get("DOPPLER_TOKEN");
  return (
    token && createHmac("sha256", secrets.require("DIGEST_KEY")).update(token).digest("hex").slice(0, 16)
  );
}

/** Writes the DNS record that the servers follow, and tells it. */
export async function writeReleaseRecord(
  context: Context,
  stack: OpenedStack,
  outputs: StackOutputs,
  release: string,
  image: string,
): Promise<void> {
  await context.reporter.step(
    "Release record",
    () => announce(context, stack, outputs, release, image),
    () => image,
  );
}

/** Writes the DNS record that the servers follow, with the app's token sealed in it. */
export async function announce(
  { now }: Pick<Context, "now">,
  { secrets }: OpenedStack,
  { zone, releaseRecord }: StackOutputs,
  release: string,
  image: string,
): Promise<void> {
  const api = cloudflare(secrets.require("CLOUDFLARE_API_TOKEN"), secrets.get("CLOUDFLARE_BASE_URL"));
  const token = secrets.get("DOPPLER_TOKEN");
  const sealed = token && releaseRecord.sealKey ? sealForServers(releaseRecord.sealKey, token) : undefined;
  const content = writeRecord({ release, at: now(), image, sealed }, secrets.require("RELEASE_SIGNING_KEY"));
  await api.updateDnsRecord(zone.id, releaseRecord.id, quotedStrings(content));
}
