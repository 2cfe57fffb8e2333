import { appendFileSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { z } from "zod";

const Run = z.object({ github: z.object({ url: z.string() }), runId: z.number() });
const env = z
  .object({
    REHEARSAL_RUN: z.string(),
    GITHUB_OUTPUT: z.string(),
    GITHUB_WORKSPACE: z.string(),
    INPUT_NAME: z.string().min(1),
    INPUT_PATH: z.string().min(1),
    "INPUT_IF-NO-FILES-FOUND": z.enum(["warn", "error", "ignore"]),
    "INPUT_INCLUDE-HIDDEN-FILES": z.stringbool(),
    "INPUT_RETENTION-DAYS": z.coerce.number().int().min(1).max(90),
  })
  .parse(process.env);
const { github, runId } = Run.parse(JSON.parse(readFileSync(env.REHEARSAL_RUN, "utf8")));

const roots = env.INPUT_PATH.split("\n")
  .flatMap((path) => path.trim() || [])
  .map((path) => resolve(env.GITHUB_WORKSPACE, path));
const files = roots.filter((path) => existsSync(path)).flatMap(filesOf);
if (files.length === 0) {
  console.log(`No files were found with the provided path: ${env.INPUT_PATH}`);
  if (env["INPUT_IF-NO-FILES-FOUND"] === "error") process.exitCode = 1;
} else {
  // Names are relative to what the paths have in common, as the real action has it.
  const base =
    roots.length === 1 && statSync(roots[0] ?? "").isDirectory() ? (roots[0] ?? "") : env.GITHUB_WORKSPACE;
  const response = await fetch(`${github.url}/_rehearsal/artifacts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      name: env.INPUT_NAME,
      runId,
      retentionDays: env["INPUT_RETENTION-DAYS"],
      files: Object.fromEntries(
        files.map((file) => [relative(base, file), readFileSync(file).toString("base64")]),
      ),
    }),
  });
  if (!response.ok) throw new Error(`The artifact was refused: ${response.status} ${await response.text()}`);
  const { id } = z.object({ id: z.number() }).parse(await response.json());
  appendFileSync(env.GITHUB_OUTPUT, `artifact-id=${id}\n`);
  console.log(`Artifact ${env.INPUT_NAME} uploaded: ${files.length} files, id ${id}`);
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter(
      (name) => env["INPUT_INCLUDE-HIDDEN-FILES"] || !name.split(sep).some((part) => part.startsWith(".")),
    )
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile());
}
