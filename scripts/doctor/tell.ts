import type { Finding } from "./examine.ts";

const MARKS = { well: "✓", soon: "!", wrong: "✗", unseen: "–" } as const;

/** The findings for a person: what is well on one line each, what is not with its fix. */
export function tellFindings(findings: readonly Finding[], seconds: number): string {
  const order = ["well", "unseen", "soon", "wrong"] as const;
  const lines = order.flatMap((state) =>
    findings
      .filter((finding) => finding.state === state)
      .flatMap(({ about, symptoms }) => [
        `${MARKS[state]} ${about}`,
        ...(state === "unseen"
          ? [`    not looked at: ${symptoms[0]?.text ?? ""}`]
          : symptoms.flatMap(({ text, fix }) => [`    ${text}`, `    → ${fix}`])),
      ]),
  );
  const count = (state: Finding["state"]) => findings.filter((finding) => finding.state === state).length;
  const parts = [
    `${count("well")} well`,
    count("wrong") > 0 && `${count("wrong")} wrong`,
    count("soon") > 0 && `${count("soon")} to know`,
    count("unseen") > 0 && `${count("unseen")} not looked at`,
  ].filter(Boolean);
  return [...lines, "", `${parts.join(", ")}, in ${seconds} s.`].join("\n");
}
