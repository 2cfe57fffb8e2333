import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A workflow, or the repository's own action. */
export interface WorkflowFile {
  /** Relative to the repository. */
  name: string;
  text: string;
}

export function workflowFiles(root: string, folders = ["workflows", "actions"]): WorkflowFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, ".github", folder), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.ya?ml$/.test(file))
      .sort()
      .map((file) => {
        const name = join(".github", folder, file);
        return { name, text: readFileSync(join(root, name), "utf8") };
      }),
  );
}
