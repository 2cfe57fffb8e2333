import { expect, it } from "vitest";
import { HAZARD_RULES } from "./index.ts";
import { hazardPage } from "./page.ts";
import { STATEFUL } from "./stateful.ts";

it("names every rule and every kind that holds something", () => {
  const page = hazardPage();
  for (const { rule } of HAZARD_RULES) expect(page).toContain(`| \`${rule}\` |`);
  for (const { noun, neverReplaced } of Object.values(STATEFUL))
    expect(page).toContain(
      neverReplaced ? `| \`delete-${noun}\` |` : `\`delete-${noun}\`, \`replace-${noun}\``,
    );
});
