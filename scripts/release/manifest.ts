import { z } from "zod";

/** What a rollback can bring back: all of it, the Workers and sites, the app's image, the infrastructure. */
export const SCOPES = ["all", "edge", "app", "infra"] as const;
export type Scope = (typeof SCOPES)[number];

const Outcome = z.enum(["running", "succeeded", "failed"]);

/** What a stack runs after a deployment: everything that is needed to say it, compare it, and bring it back. */
export const ReleaseManifest = z.object({
  schema: z.literal(1),
  /** `dev-42-1a2b3c4`, `prod-v1.4.0`: unique in a stack, readable in a URL, a DNS record and a log. */
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]{2,80}$/),
  stack: z.string(),
  /** Why it was made: a deployment of a commit, the way back to an earlier release, or the word to go forward again. */
  kind: z.enum(["deploy", "rollback", "resume"]),
  sha: z.string(),
  ref: z.string(),
  actor: z.string(),
  runUrl: z.string().optional(),
  /** The digest of the infrastructure's change; undefined where the infrastructure was not touched. */
  digest: z.string().optional(),
  versions: z.object({ pulumi: z.string(), wrangler: z.string() }),
  workers: z.record(
    z.string(),
    z.object({
      scriptName: z.string(),
      versionId: z.string(),
      contentHash: z.string(),
      /** Of the sources alone, the same on every stack; missing in records of before there was one. */
      sourceHash: z.string().optional(),
      secretsHash: z.string(),
    }),
  ),
  sites: z.record(
    z.string(),
    z.object({
      project: z.string(),
      deploymentId: z.string(),
      contentHash: z.string(),
      /** Without the stack's settings, the same on every stack; missing in records of before there was one. */
      sourceHash: z.string().optional(),
    }),
  ),
  /** The app's image by digest, `ghcr.io/quayside/app@sha256:…`. */
  image: z.string(),
  /** A keyed hash of the token that opens the app's secrets: another one is announced to the servers. */
  appTokenHash: z.string().optional(),
  /** The public half of the key that its release record is signed with. */
  releaseKey: z.string().optional(),
  /** A Neon branch made before this release's migrations. */
  restorePoint: z.string().optional(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().optional(),
  previous: z.string().optional(),
  /** Of a rollback: the releases that it went from and to. Deployments wait for `resume` after it. */
  rollback: z.object({ from: z.string(), to: z.string(), scope: z.enum(SCOPES) }).optional(),
  outcome: Outcome,
  /** True of a commit that found the stack as it wants it: going back from it alone would bring nothing back. */
  unchanged: z.boolean().optional(),
});
export type ReleaseManifest = z.infer<typeof ReleaseManifest>;
