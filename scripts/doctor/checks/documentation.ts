import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hazardPage } from "../../change/hazards/page.ts";
import { hazardRules } from "../../flows/hazard-rules.ts";
import type { Check } from "../check.ts";

export const documentation: Check = {
  name: "documentation",
  about: "Pages that are made from the code",
  async look({ context }) {
    const page = readFileSync(join(context.root, "docs", "hazards.md"), "utf8");
    return page === hazardPage(await hazardRules(context.root))
      ? []
      : [
          {
            level: "wrong",
            text: "docs/hazards.md is not what the rules say.",
            fix: "npm test -- scripts/docs --update writes it anew.",
          },
        ];
  },
};
