import type { Github } from "../../github/client.ts";
import { givenLabels } from "../../github/labels.ts";
import { mayWrite } from "../../github/permission.ts";

/** The labels `allow:…` of a pull request: which of them count for a change, and why the others do not. */
export interface Approvals {
  counting: ReadonlySet<string>;
  /** One sentence each. */
  ignored: readonly string[];
}

export const NO_APPROVALS: Approvals = { counting: new Set(), ignored: [] };

/**
 * Tells which labels allow a hazard of the change that people were shown since that time: those that a person with write
 * access has put there since. Whoever labelled before has seen another change.
 *
 * @param since in milliseconds; undefined where nobody was shown this change yet
 */
export async function countApprovals(
  github: Github,
  pullRequest: number,
  since: number | undefined,
): Promise<Approvals> {
  const labels = (await givenLabels(github, pullRequest)).filter(({ name }) => name.startsWith("allow:"));
  const judged = await Promise.all(
    labels.map(async ({ name, by, at }) => {
      if (by === undefined) return `${name} was put there by no person.`;
      if (since === undefined || at < since)
        return `${name} was put there before this change was shown: it was for another one.`;
      return (await mayWrite(github, by)) ? undefined : `${name} was put there by ${by}, who may not write.`;
    }),
  );
  return {
    counting: new Set(labels.flatMap(({ name }, index) => (judged[index] === undefined ? [name] : []))),
    ignored: judged.filter((reason) => reason !== undefined),
  };
}
