import type { Bench } from "../bench.ts";
import { clients } from "../clients.ts";
import type { Question } from "../question.ts";
import { keptSecret } from "../secret-places.ts";
import { inspectHetznerToken, openSameProject } from "../tokens/hetzner.ts";

const LINK = "https://console.hetzner.com (project, Security, API tokens)";

export const hetznerToken: Question = {
  name: "hetzner-token",
  text: "A Hetzner Cloud API token that reads and writes",
  purpose:
    "Deployments make servers, networks and volumes with it. Make a project for this repository first.",
  link: LINK,
  secret: true,
  find: (bench) => keptSecret(bench, "HCLOUD_TOKEN", "deploy"),
  check: (bench, token) => inspectHetznerToken(clients.hetzner(bench, token), "write"),
};

export const hetznerPreviewToken: Question = {
  name: "hetzner-preview-token",
  text: "A second Hetzner Cloud API token, of the same project, that only reads",
  purpose:
    "Previews of pull requests use it: whatever a pull request's code does, it can change nothing there.",
  link: LINK,
  secret: true,
  find: (bench) => keptSecret(bench, "HCLOUD_TOKEN", "preview"),
  async check(bench, token) {
    const read = clients.hetzner(bench, token);
    const findings = await inspectHetznerToken(read, "read");
    // Whether they are of one project shows only by making something.
    if (findings.some(({ wrong }) => wrong) || bench.onlyLooks) return findings;
    const write = clients.hetzner(bench, await bench.ask(hetznerToken));
    return (await sameProject(bench, write, read))
      ? findings
      : [{ wrong: true, text: "It opens another project than the first token." }];
  },
};

function sameProject(bench: Bench, ...tokens: Parameters<typeof openSameProject>): Promise<boolean> {
  return bench.context.reporter.step("  Do both tokens open the same project?", () =>
    openSameProject(...tokens),
  );
}
