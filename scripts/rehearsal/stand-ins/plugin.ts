import { enableCompileCache } from "node:module";

// One provider as the engine starts an ordinary plugin: `node plugin.ts hcloud`. It prints its port, as the plugin
// protocol wants, and reads its settings from the environment that the engine passes on.
enableCompileCache();
const { serveProvider } = await import("./serve.ts");
const name = process.argv[2];
if (name !== "hcloud" && name !== "cloudflare" && name !== "tls") {
  process.stderr.write("usage: node plugin.ts hcloud|cloudflare|tls\n");
  process.exit(2);
}
const { port } = await serveProvider(name, { defaults: new Map(), env: process.env });
// The engine ends a plugin by SIGINT and, where that does not help, by force.
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(0));
// An engine that was killed can't: then another process becomes the parent.
const engine = process.ppid;
setInterval(() => process.ppid === engine || process.exit(0), 1000).unref();
process.stdout.write(`${port}\n`);
