import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fullyQualifiedStackName, LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import { version } from "@pulumi/pulumi/version.js";
import * as tls from "@pulumi/tls";
import { startStandIns } from "../../rehearsal/stand-ins/start.ts";

/** What a state of so many resources takes. */
export interface StateFigures {
  resources: number;
  /** Values in it that are encrypted one by one. */
  secrets: number;
  upSeconds: number;
  /** A preview in which nothing changes, and an update of one resource. */
  previewSeconds: number;
  changeSeconds: number;
  /** Of the state's file. */
  bytes: number;
}

/**
 * Brings up a stack of private keys with the real engine and a folder as its backend, and measures it. Each key has three secret outputs;
 * the provider is the stand-in, which makes them in this process.
 */
export async function measureState(resources: number): Promise<StateFigures> {
  const dir = mkdtempSync(join(tmpdir(), "state-bench-"));
  mkdirSync(join(dir, "state"));
  const standIns = await startStandIns();
  const home = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
  let curve = "P256";
  try {
    const stack = await LocalWorkspace.createOrSelectStack(
      {
        stackName: fullyQualifiedStackName("organization", "quayside", "large"),
        projectName: "quayside",
        program: async () => {
          for (let index = 0; index < resources; index++)
            new tls.PrivateKey(`key-${index}`, {
              algorithm: "ECDSA",
              ecdsaCurve: index === 0 ? curve : "P256",
            });
        },
      },
      {
        pulumiCommand: await PulumiCommand.get({ root: join(home, "versions", version) }),
        projectSettings: {
          name: "quayside",
          runtime: "nodejs",
          backend: { url: `file://${join(dir, "state")}` },
        },
        envVars: {
          PULUMI_CONFIG_PASSPHRASE: "a passphrase for measuring",
          PULUMI_SKIP_UPDATE_CHECK: "true",
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
          PULUMI_DEBUG_PROVIDERS: standIns.debugProviders,
        },
      },
    );
    const upSeconds = await timed(() => stack.up());
    const previewSeconds = await timed(() => stack.preview());
    curve = "P384";
    const changeSeconds = await timed(() => stack.up());
    const state = readFileSync(join(dir, "state/.pulumi/stacks/quayside/large.json"), "utf8");
    const secrets = state.split('"ciphertext"').length - 1;
    return { resources, secrets, upSeconds, previewSeconds, changeSeconds, bytes: Buffer.byteLength(state) };
  } finally {
    await standIns.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
