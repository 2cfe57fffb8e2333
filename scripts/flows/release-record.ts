import { createHmac } from "node:crypto";
import { z } from "zod";
import type { StackOutputs } from "../../infra/src/outputs.ts";
import type { Context } from "../context.ts";
import { EXIT, UserError } from "../errors.ts";
import { cloudflare } from "../providers/cloudflare.ts";
import { quotedStrings, writeRecord } from "../release/record.ts";
import { sealForServers } from "../release/seal.ts";
import { publicHalf, signingKeyOf, signingKeys } from "../secrets/signing-keys.ts";
import type { OpenedStack } from "./environment.ts";

const Announced = z.looseObject({ releaseRecord: z.looseObject({ publicKey: z.string() }) });

/**
 * Refuses a deployment whose servers would not believe it, before anything is touched.
 *
 * @param outputs those of the preview, of whatever shape
 * @throws UserError `secret-missing`, `signing-key-unreadable`, `release-key-mismatch`
 */
export function assertSigner(stack: OpenedStack, outputs: unknown): void {
  signerOf(stack, Announced.safeParse(outputs).data?.releaseRecord.publicKey);
}

/** The private key, PEM, whose public half the servers trust; the newest where nobody says which one that is. */
function signerOf({ name, file, secrets, target }: OpenedStack, trusted: string | undefined): string {
  const keys = secrets.require("RELEASE_SIGNING_KEY");
  const key = trusted === undefined ? signingKeys(keys)[0] : signingKeyOf(trusted, keys);
  if (key !== undefined) return key;
  const own = signingKeys(keys).map(publicHalf);
  throw new UserError(
    "release-key-mismatch",
    `The servers of ${name} trust the release key ${trusted}, but RELEASE_SIGNING_KEY is the private half of ${own.join(" and ")}.`,
    `Put the second one into ${file} as ${target.project}:releaseKey (it replaces the servers), or the first one's private half into ESC.`,
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

/**
 * Writes the DNS record that the servers follow, signed for `releaseRecord.publicKey`, with the app's token sealed in it.
 *
 * @throws UserError as {@link assertSigner}
 */
export async function announce(
  { now }: Pick<Context, "now">,
  stack: OpenedStack,
  { zone, releaseRecord }: StackOutputs,
  release: string,
  image: string,
): Promise<void> {
  const { secrets } = stack;
  const api = cloudflare(secrets.require("CLOUDFLARE_API_TOKEN"), secrets.get("CLOUDFLARE_BASE_URL"));
  const token = secrets.get("DOPPLER_TOKEN");
  const sealed = token && releaseRecord.sealKey ? sealForServers(releaseRecord.sealKey, token) : undefined;
  const key = signerOf(stack, releaseRecord.publicKey);
  const content = writeRecord({ release, at: now(), image, sealed }, key);
  await api.updateDnsRecord(zone.id, releaseRecord.id, quotedStrings(content));
}
