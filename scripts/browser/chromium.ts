import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { UserError } from "../errors.ts";

/** First the one without a window, which needs half the time for the same pages. */
const NAMES = [
  "chromium-headless-shell",
  "chrome-headless-shell",
  "chromium",
  "chromium-browser",
  "google-chrome-stable",
  "google-chrome",
  "chrome",
  "msedge",
];
const MAC = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
];
const WINDOWS = ["Google\\Chrome\\Application\\chrome.exe", "Microsoft\\Edge\\Application\\msedge.exe"];

/** Said wherever something is left out because there is no browser. */
export const NO_CHROMIUM = "no Chromium was found: install chromium, or set CHROMIUM_PATH to one";

/** The path of a Chromium on this machine: what `CHROMIUM_PATH` says, or one of the usual names and places. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  // What was asked for by name must not be replaced by another that happens to be there.
  if (env.CHROMIUM_PATH) return isExecutable(env.CHROMIUM_PATH) ? env.CHROMIUM_PATH : undefined;
  const onPath = (env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .flatMap((folder) => NAMES.flatMap((name) => [join(folder, name), join(folder, `${name}.exe`)]));
  const programFolders = [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA];
  const windows = programFolders.flatMap((folder) =>
    folder ? WINDOWS.map((rest) => join(folder, rest)) : [],
  );
  return [...onPath, ...MAC, ...windows].find(isExecutable);
}

export interface LaunchOptions {
  env?: NodeJS.ProcessEnv;
  /** More arguments of the command line. */
  args?: string[];
}

/**
 * Starts a headless Chromium with a profile of its own, which makes no connection that the page did not ask for.
 * `close()` ends it and removes the profile.
 *
 * @throws UserError `no-chromium`
 */
export async function launchChromium(options: LaunchOptions = {}): Promise<Browser> {
  const executablePath = findChromium(options.env);
  if (!executablePath)
    throw new UserError(
      "no-chromium",
      "No Chromium was found.",
      "Install Chromium or set CHROMIUM_PATH to one.",
    );
  const home = mkdtempSync(join(tmpdir(), "chromium-"));
  const browser = await chromium.launch({
    executablePath,
    // A home of its own: settings and crash reports of a person's browser stay out of it.
    env: { ...(options.env ?? process.env), XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
    args: [
      // The sandbox can't start as root, nor in many containers; only pages of our own are opened.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...(options.args ?? []),
    ],
  });
  browser.on("disconnected", () => rmSync(home, { recursive: true, force: true, maxRetries: 3 }));
  return browser;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
