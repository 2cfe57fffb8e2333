import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

export interface Registry {
  url: string;
  /** Paths asked for, in order. */
  requests: string[];
  /** From now on downloads stay open without an answer, until `answerDownloads`. */
  holdDownloads: () => void;
  answerDownloads: () => void;
  /** The entry of a lock file for a package that it serves. */
  locked: (name: string) => Record<string, unknown>;
}

export interface Package {
  version: string;
  /** More of its package.json: `engines`, `os`, `cpu`. */
  manifest?: Record<string, unknown>;
  /** Executable files by their path in the package. */
  programs?: Record<string, string>;
}

/** An npm registry on loopback that serves small packages made up on the spot. */
export async function startRegistry(packages: Record<string, Package>): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), "registry-"));
  const tarballs = new Map(
    Object.entries(packages).map(([name, content]) => [name, pack(folder, name, content)]),
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
    const found = packages[name];
    if (found === undefined) return void response.writeHead(404).end("{}");
    if (path.endsWith(".tgz")) {
      const answer = () => response.end(tarballs.get(name));
      if (held) held.push(answer);
      else answer();
      return;
    }
    const { version, manifest } = found;
    const dist = { tarball: `${registry.url}/${name}/-/${name}-${version}.tgz`, integrity: integrity(name) };
    const versions = { [version]: { name, version, ...manifest, dist } };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ name, "dist-tags": { latest: version }, versions }));
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
    locked: (name) => {
      const { version, manifest } = packages[name] ?? {};
      return { version, integrity: integrity(name), ...manifest };
    },
  };
  return registry;
}

function pack(folder: string, name: string, { version, manifest, programs = {} }: Package): Buffer {
  const source = join(folder, name, "package");
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, "package.json"), JSON.stringify({ name, version, ...manifest }));
  for (const [path, text] of Object.entries(programs)) {
    mkdirSync(dirname(join(source, path)), { recursive: true });
    writeFileSync(join(source, path), text, { mode: 0o755 });
  }
  const file = join(folder, `${name}.tgz`);
  execFileSync("tar", ["-czf", file, "-C", join(folder, name), "package"]);
  return readFileSync(file);
}
