import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Rehearsal } from "../play.ts";
import { renderPage } from "./page.ts";

/**
 * The report as one page that needs nothing else: style, comments as GitHub shows them, logs.
 *
 * @param dir the folder that the evidence's file names are relative to
 */
export async function renderReport(rehearsal: Rehearsal, dir: string): Promise<string> {
  return renderPage(rehearsal, (file) =>
    readFileSync(join(dir, file), file.endsWith(".png") ? "base64" : "utf8"),
  );
}
