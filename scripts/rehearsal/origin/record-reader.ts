import { execFile, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse } from "yaml";
import { z } from "zod";
import { readRecord } from "../../release/record.ts";

/** What a release record that can be trusted says. */
export interface AnnouncedRelease {
  release: string;
  image: string;
  /** Seconds since 1970. */
  at: number;
}

/** Neither is there while nothing is announced. */
interface Outcome {
  release?: AnnouncedRelease;
  /** Why the record is not followed. */
  problem?: string;
}

const run = promisify(execFile);

const AGENT = fileURLToPath(
  new URL("../../../infra/machine/usr/local/lib/quayside/agent.py", import.meta.url),
);
const UserData = z.object({ write_files: z.array(z.looseObject({ path: z.string(), content: z.string() })) });
const Server = z.looseObject({ stack: z.string(), releaseRecord: z.string(), images: z.array(z.string()) });
type Server = z.infer<typeof Server> & { publicKey: string };
const Answer = z.union([
  z.object({
    record: z.object({ release: z.string(), image: z.string(), at: z.number() }).nullable(),
  }),
  z.object({ problem: z.string() }),
]);

/**
 * Reads the release record that a server's user-data names, and believes it as that server's agent would: by the agent's own
 * code. A content is verified once. Undefined for user-data that name no record, and where DNS has none.
 */
export function openRecordReader() {
  const python = pythonOfAgent();
  const servers = new Map<string, Server | undefined>();
  const outcomes = new Map<string, Promise<Outcome>>();
  return async (
    userData: string,
    resolveTxt: (name: string) => Promise<string | undefined>,
  ): Promise<Outcome | undefined> => {
    if (!servers.has(userData)) servers.set(userData, describedBy(userData));
    const server = servers.get(userData);
    const content = server && (await resolveTxt(server.releaseRecord));
    if (!server || content === undefined) return undefined;
    const key = JSON.stringify([server, content]);
    const known = outcomes.get(key) ?? python.then((path) => verifyRecord(path, server, content));
    outcomes.set(key, known);
    return known;
  };
}

function describedBy(userData: string): Server | undefined {
  const config = UserData.safeParse(userData.startsWith("#cloud-config") ? parse(userData) : undefined);
  const content = (path: string) => config.data?.write_files.find((file) => file.path === path)?.content;
  const description = content("/etc/quayside/server.json");
  if (description === undefined) return undefined;
  return {
    ...Server.parse(JSON.parse(description)),
    publicKey: content("/etc/quayside/release.pub") ?? "",
  };
}

/**
 * The Python that the agent can run with, by its own path: the `python3` of version managers is a script, which takes longer
 * than the agent. Undefined where something is missing: the agent wants an OpenSSL that verifies Ed25519 too, and macOS has
 * another library under that name.
 */
async function pythonOfAgent(): Promise<string | undefined> {
  try {
    const [openssl, python] = await Promise.all([
      run("openssl", ["version"]),
      run("python3", ["-I", "-c", "import sys; print(sys.executable)"]),
    ]);
    return /^OpenSSL [3-9]/.test(openssl.stdout) ? python.stdout.trim() : undefined;
  } catch {
    return undefined;
  }
}

function verifyRecord(python: string | undefined, server: Server, content: string): Promise<Outcome> {
  return python === undefined ? readHere(server, content) : askAgent(python, server, content);
}

async function askAgent(
  python: string,
  { stack, images, publicKey }: Server,
  content: string,
): Promise<Outcome> {
  const child = spawn(python, ["-I", AGENT, "verify"], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify({ content, stack, images, publicKey }));
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  const answer = Answer.parse(JSON.parse(Buffer.concat(chunks).toString("utf8")));
  if ("problem" in answer) return { problem: answer.problem };
  return answer.record ? { release: answer.record } : {};
}

/** In place of the agent, with the code that writes the record. */
async function readHere({ stack, images, publicKey }: Server, content: string): Promise<Outcome> {
  if (content === '"v=1 release=none"') return {};
  const record = readRecord(content, publicKey);
  if (!record?.release.startsWith(`${stack}-`) || !images.includes(record.image.replace(/@.*/, "")))
    return { problem: "the release record is not signed with this stack's key, or not for it" };
  return {
    release: { release: record.release, image: record.image, at: Math.floor(record.at.getTime() / 1000) },
  };
}
