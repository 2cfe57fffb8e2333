import { createServer, type Socket } from "node:net";
import { PACKAGES, type PackageName } from "./schema.ts";
import { type ServedProvider, serveProvider } from "./serve.ts";

/** A process that serves plugins for launchers (launchers.ts) which hand it their environment. */
export interface PluginHost {
  port: number;
  /** How many plugins it serves at the moment. */
  readonly plugins: number;
  close(): Promise<void>;
}

/**
 * Starts a host for plugin launchers on a free port of 127.0.0.1.
 *
 * A launcher sends its provider's name and the engine's process id, then the settings of its environment as
 * `NAME=value`, then an empty line; it gets the port of a provider that was made for it alone. The provider lives as
 * long as that connection: it ends with the launcher, and the launcher with the engine, also with one that was killed. So each stack has its own plugins with its own tokens, as with the
 * real ones, without a Node process for each.
 */
export async function startPluginHost(): Promise<PluginHost> {
  const served = new Map<Socket, ServedProvider>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let sent = "";
    const end = (): void => {
      void served.get(socket)?.close();
      served.delete(socket);
      sockets.delete(socket);
    };
    socket.setEncoding("utf8");
    socket.on("error", end);
    socket.on("close", end);
    socket.on("data", (chunk: string) => {
      const asked = sent.endsWith("\n\n");
      sent += chunk;
      if (asked || !sent.endsWith("\n\n")) return;
      const [first = "", ...settings] = sent.trimEnd().split("\n");
      const [name = "", engine = ""] = first.split(" ");
      const watch = setInterval(() => isAlive(Number(engine)) || socket.destroy(), 1000);
      socket.once("close", () => clearInterval(watch));
      void serve(socket, name, settings);
    });
  });
  const serve = async (socket: Socket, name: string, settings: string[]): Promise<void> => {
    if (!isPackage(name)) {
      socket.end();
      return;
    }
    const provider = await serveProvider(name, { defaults: new Map(), env: variables(settings) });
    if (socket.destroyed) {
      await provider.close();
      return;
    }
    served.set(socket, provider);
    socket.write(`${provider.port}\n`);
  };
  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });
  return {
    port,
    get plugins() {
      return served.size;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function isPackage(name: string): name is PackageName {
  return PACKAGES.some((each) => each === name);
}

function variables(settings: string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    settings.map((line) => {
      const equals = line.indexOf("=");
      return [line.slice(0, equals), line.slice(equals + 1)];
    }),
  );
}
