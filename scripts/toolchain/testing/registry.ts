import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export interface Registry {
  url: string;
  /** Paths asked for, in order. */
  requests: string[];
  /** From now on downloads stay open without an answer, until `answerDownloads`. */
  holdDownloads: () => void;
  answerDownloads: () => void;
  /** The entry of a lock file for a package that it serves. */
  locked: (name: string, version: string) => { version: string; integrity: string };
}

/** An npm registry on loopback that serves small packages made up on the spot. */
export async function startRegistry(packages: Record<string, string>): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), "registry-"));
  const tarballs = new Map(
    Object.entries(packages).map(([name, version]) => [name, pack(folder, name, version)]),
  );
  const integrity = (name: string) =>
    `sha512-${createHash("sha512")
      .update(tarballs.get(name) ?? "")
      .digest("base64")}`;

  /** Answers that wait; undefined when none has to. */
  let held: (() => void)[] | undefined;
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    registry.requests.push(path);
    const name = path.split("/")[1] ?? "";
    const version = packages[name];
    if (version === undefined) return void response.writeHead(404).end("{}");
    if (path.endsWith(".tgz")) {
      const answer = () => response.end(tarballs.get(name));
      if (held) held.push(answer);
      else answer();
      return;
    }
    const dist = { tarball: `${registry.url}/${name}/-/${name}-${version}.tgz`, integrity: integrity(name) };
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({
        name,
        "dist-tags": { latest: version },
        versions: { [version]: { name, version, dist } },
      }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const registry: Registry = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    holdDownloads: () => {
      held = [];
    },
    answerDownloads: () => {
      for (const answer of held ?? []) answer();
      held = undefined;
    },
    locked: (name, version) => ({ version, integrity: integrity(name) }),
  };
  return registry;
}

function pack(folder: string, name: string, version: string): Buffer {
  const source = join(folder, name, "package");
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, "package.json"), JSON.stringify({ name, version }));
  const file = join(folder, `${name}.tgz`);
  execFileSync("tar", ["-czf", file, "-C", join(folder, name), "package"]);
  return readFileSync(file);
}
