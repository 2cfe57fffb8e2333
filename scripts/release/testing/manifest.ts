import type { ReleaseManifest } from "../manifest.ts";

/** An image by digest whose digits are all the same: easy to tell apart. */
export function image(digit: string): string {
  return `ghcr.io/quayside/app@sha256:${digit.repeat(64)}`;
}

/** A release as a deployment leaves it, for tests; `number` makes its id, its commit and its time. */
export function manifest(number: number, changes: Partial<ReleaseManifest> = {}): ReleaseManifest {
  const at = (minute: number) => new Date(Date.UTC(2026, 10, 20, 12 + number, minute)).toISOString();
  return {
    schema: 1,
    id: `dev-${number}-abc`,
    stack: "dev",
    kind: "deploy",
    sha: String(number).padStart(40, "0"),
    ref: "refs/heads/main",
    actor: "robin",
    versions: { pulumi: "3.259.0", wrangler: "4.164.0" },
    workers: {
      intake: {
        scriptName: "quayside-dev-intake",
        versionId: `version-${number}`,
        contentHash: `code-${number}`,
        secretsHash: "same",
      },
    },
    sites: {
      www: {
        project: "quayside-dev-www",
        deploymentId: `deployment-${number}`,
        contentHash: `page-${number}`,
      },
    },
    image: image(String(number % 10)),
    startedAt: at(0),
    finishedAt: at(1),
    outcome: "succeeded",
    ...changes,
  };
}
