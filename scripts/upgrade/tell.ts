import type { Upgrade } from "./upgrade.ts";

/** Lines of a list that a terminal shows. */
const MOST = 20;

/** What an upgrade found or did, for a terminal. */
export function tellUpgrade(upgrade: Upgrade): string {
  const { outcome, commits, changed, merged, conflicts, from, base, upstream, branch } = upgrade;
  if (outcome === "up-to-date") return `Nothing is new in ${from} since ${short(base)}.`;
  const seen = [
    `New in ${from} since ${short(base)}: ${commits.length} commits up to ${short(upstream)}, in ${changed.length} files.`,
    ...listed(commits),
    ...(merged.length > 0
      ? ["", "Changed here too, and coming together by themselves:", ...listed(merged)]
      : []),
    ...(conflicts.length > 0
      ? ["", "For a person to decide:", ...listed(conflicts.map(({ file, what }) => `${file}: ${what}`))]
      : []),
  ];
  switch (outcome) {
    case "changes":
      return [...seen, "", "Nothing was changed. npm run upgrade merges it on a branch of its own."].join(
        "\n",
      );
    case "merged":
      return [
        ...seen,
        "",
        `Merged on the branch ${branch}. Look at it, then open a pull request:`,
        "",
        "  npm test",
        `  git push origin ${branch}`,
      ].join("\n");
    case "conflicts":
      return [
        ...seen,
        "",
        `The merge is open on the branch ${branch}. Mend the files above, then:`,
        "",
        "  git add --all && git commit",
        "",
        "Or give it up: git merge --abort, git switch -, git branch -D the branch.",
        ...(conflicts.some(({ file }) => file === "package-lock.json")
          ? [
              "package-lock.json is not mended by hand: git checkout --theirs package-lock.json, then npm install.",
            ]
          : []),
      ].join("\n");
  }
}

function short(commit: string): string {
  return commit.slice(0, 7);
}

function listed(all: readonly string[]): string[] {
  const more = all.length - MOST;
  return [...all.slice(0, MOST).map((line) => `  ${line}`), ...(more > 0 ? [`  … ${more} more`] : [])];
}
