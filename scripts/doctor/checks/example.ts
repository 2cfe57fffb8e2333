import { stackFile, stackSetting } from "../../stack/stacks.ts";
import { EXAMPLE } from "../../template.ts";
import type { Check } from "../check.ts";

export const example: Check = {
  name: "example",
  about: "The template's example in the stacks' files",
  async look({ project }) {
    return project.stacks.flatMap((stack) => {
      const left = (["domain", "accountId"] as const).filter(
        (key) => stackSetting(project, stack, key) === EXAMPLE[key],
      );
      const image = stackSetting(project, stack, "image") === EXAMPLE.image;
      return [
        ...left.map((key) => ({
          level: "wrong" as const,
          text: `${stackFile(project, stack)} still has the example's ${key}.`,
          fix: "npm run setup puts yours there.",
        })),
        ...(image
          ? [
              {
                level: "soon" as const,
                text: `${stackFile(project, stack)} still names the example's image.`,
                fix: "Build your own and name it by its digest (image: name@sha256:…).",
              },
            ]
          : []),
      ];
    });
  },
};
