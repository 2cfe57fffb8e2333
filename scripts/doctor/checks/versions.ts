import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Check } from "../check.ts";

const Manifest = z.object({ dependencies: z.record(z.string(), z.string()) });
const NODE = 24;

export const versions: Check = {
  name: "versions",
  about: "Node and the pinned Pulumi engine",
  async look({ context }) {
    const { dependencies } = Manifest.parse(
      JSON.parse(readFileSync(join(context.root, "package.json"), "utf8")),
    );
    const engine = dependencies.pulumi ?? "";
    const home = context.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
    const node = Number(process.versions.node.split(".")[0]);
    return [
      ...(node >= NODE
        ? []
        : [
            {
              level: "wrong" as const,
              text: `This is Node ${process.versions.node}; the sources need Node ${NODE}.`,
              fix: "Start commands as npm scripts (npm run doctor): they bring their own Node along.",
            },
          ]),
      ...(existsSync(join(home, "versions", engine, "bin", "pulumi"))
        ? []
        : [
            {
              level: "soon" as const,
              text: `The Pulumi engine ${engine} is not in ${home} yet.`,
              fix: "npm run preview fetches it, or builds it, before it starts.",
            },
          ]),
      ...(dependencies["@pulumi/pulumi"] === engine
        ? []
        : [
            {
              level: "wrong" as const,
              text: `package.json pins the engine at ${engine} and its SDK at ${dependencies["@pulumi/pulumi"]}.`,
              fix: "Pin both at the same version.",
            },
          ]),
    ];
  },
};
