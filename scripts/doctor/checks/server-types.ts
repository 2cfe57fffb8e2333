import { offeredTypes } from "../../setup/facts/hetzner.ts";
import { stackFile, stackSetting } from "../../stack/stacks.ts";
import type { Check, Symptom } from "../check.ts";

export const serverTypes: Check = {
  name: "server-types",
  about: "The stacks' server types, as Hetzner offers them today",
  async look(bench) {
    const { project } = bench;
    const found = await Promise.all(
      project.stacks.map(async (stack): Promise<Symptom[]> => {
        const place = stackSetting(project, stack, "location") ?? "hil";
        const type = stackSetting(project, stack, "serverType") ?? "cpx21";
        const offered = await offeredTypes(bench, place);
        const own = offered.find(({ name }) => name === type);
        const near = offered.slice(0, 3).map(({ name, price }) => `${name} (${price.toFixed(2)})`);
        if (!own)
          return [
            {
              level: "wrong",
              text: `${place} does not offer ${type}, which ${stack} asks for.`,
              fix: `Choose another in ${stackFile(project, stack)}; the cheapest there are ${near.join(", ")}.`,
            },
          ];
        if (own.available === false)
          return [
            {
              level: "soon",
              text: `${type} is sold out in ${place}: ${stack} keeps its server, and gets no new one.`,
              fix: `Wait, or choose another in ${stackFile(project, stack)}.`,
            },
          ];
        return [];
      }),
    );
    return found.flat();
  },
};
