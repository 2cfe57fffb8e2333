import { clients } from "../clients.ts";
import type { Question } from "../question.ts";
import { keptSecret } from "../secret-places.ts";
import { inspectNeonKey } from "../tokens/neon.ts";

export const neonKey: Question = {
  name: "neon-key",
  text: "A Neon API key",
  purpose:
    "It makes a project for each stack's database, and a key of dev's alone for pull requests. Without one, there is no database.",
  link: "https://console.neon.tech/app/settings/api-keys",
  secret: true,
  optional: true,
  find: (bench) => keptSecret(bench, "NEON_API_KEY", "deploy"),
  check: (bench, key) => inspectNeonKey(clients.neon(bench, key)),
};
