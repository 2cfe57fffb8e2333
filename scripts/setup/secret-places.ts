import type { Bench } from "./bench.ts";
import { github } from "./facts/github.ts";
import { pulumi } from "./facts/pulumi.ts";
import { escPlace } from "./places/esc.ts";
import { githubPlace } from "./places/github.ts";
import { home } from "./questions/home.ts";

/** What a job does with the secrets that it opens. */
export type Use = "deploy" | "preview";
export const USES: readonly Use[] = ["deploy", "preview"];

/** Where the secrets of one stack and one use are kept. */
export interface Kept {
  /** For people: `the ESC environment my-organization/quayside/dev`. */
  place: string;
  exists: boolean;
  names: string[];
  /** Undefined where a place takes secrets and does not show them. */
  values: Readonly<Record<string, string>> | undefined;
}

/** Pulumi ESC, or GitHub's own secrets. */
export interface SecretPlace {
  read(stack: string, use: Use): Promise<Kept>;
  /** Makes the place itself. */
  make(stack: string, use: Use): Promise<void>;
  write(stack: string, use: Use, name: string, value: string): Promise<void>;
  /** What is about to take a secret's place; no job gets it. Undefined where a place can't show it again. */
  readonly pending?: {
    read(stack: string, name: string): Promise<string | undefined>;
    /** @param value undefined takes it away */
    write(stack: string, name: string, value: string | undefined): Promise<void>;
  };
  /** Takes the place away with all that is in it. */
  remove(stack: string, use: Use): Promise<void>;
}

/** The place that was chosen. */
export function secretPlace(bench: Bench): Promise<SecretPlace> {
  return bench.fact("secret-place", async () => {
    const cloud = await pulumi(bench);
    return cloud
      ? escPlace(cloud.api, cloud.organization, bench.project.name)
      : githubPlace(await github(bench));
  });
}

/** A secret that an earlier run has put into its place, where that shows it: it need not be asked for again. */
export async function keptSecret(bench: Bench, name: string, use: Use): Promise<string | undefined> {
  if ((await bench.ask(home)) !== "pulumi") return undefined;
  const place = await secretPlace(bench);
  for (const stack of bench.project.stacks) {
    const { values } = await place.read(stack, use);
    if (values?.[name]) return values[name];
  }
  return undefined;
}
