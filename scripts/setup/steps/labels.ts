import { DATABASE_LABEL } from "../../github/labels.ts";
import { github } from "../facts/github.ts";
import type { Step } from "../step.ts";

export const labelsStep: Step = {
  name: "labels",
  title: "Labels",
  purpose:
    "The drift check marks its issues with them, a rise in cost is allowed by one, and a pull request asks for a database by one. Labels for other hazards are named by the preview.",
  async find(bench) {
    const hub = await github(bench);
    const present = await hub.paginate("GET /repos/{owner}/{repo}/labels", { ...hub.at, per_page: 100 });
    const names = present.map(({ name }) => name.toLowerCase());
    const ofStacks = bench.project.stacks.flatMap((stack) => [
      { name: `drift:${stack}`, color: "d93f0b", description: `${stack} differs from its last release` },
      {
        name: `allow:cost-above:${stack}`,
        color: "fbca04",
        description: `${stack} may cost more than the limit`,
      },
    ]);
    const wanted = [
      ...ofStacks,
      {
        name: DATABASE_LABEL,
        color: "0e8a16",
        description: "Gives the pull request a branch of dev's database, until it is closed",
      },
    ];
    return wanted
      .filter(({ name }) => !names.includes(name))
      .map((label) => ({
        tells: `make the label ${label.name}`,
        do: () => hub.request("POST /repos/{owner}/{repo}/labels", { ...hub.at, ...label }),
      }));
  },
};
