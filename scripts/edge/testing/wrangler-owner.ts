import { startWrangler } from "../wrangler.ts";

// A pipeline whose wrangler is at work. The address of Cloudflare's API is its argument.
const [url = ""] = process.argv.slice(2);
const wrangler = startWrangler({ CLOUDFLARE_API_TOKEN: "token", CLOUDFLARE_API_BASE_URL: url });
await wrangler.run(["kv", "namespace", "list"], "0123456789abcdef0123456789abcdef");
