/** The Worker's bindings, as wrangler.jsonc names them. */
export interface Env {
  WATCH_HISTORY: KVNamespace;
  INTAKE: Fetcher;
  VERSION: WorkerVersionMetadata;
  /** Origin of the application, without a path: `https://app.example.com`. */
  BACKEND_URL: string;
  /** Name of the stack: `dev`, `prod`; `local` outside any. */
  STACK: string;
}

declare global {
  namespace Cloudflare {
    interface Env extends WatchEnv {}
    interface GlobalProps {
      mainModule: typeof import("./index.ts");
    }
  }
}
type WatchEnv = Env;
