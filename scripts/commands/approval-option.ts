import { z } from "zod";

/** What whoever starts `plan`, `release` or `rollback` has allowed, in the words of {@link approvalWord}. */
export const APPROVAL_OPTION = { allow: { type: "string" } } as const;

/** A workflow hands an input that was left empty on as it is. */
export const APPROVAL_VALUE = {
  allow: z
    .string()
    .default("")
    .transform((words) => words.split(/[\s,]+/).filter(Boolean))
    .refine(
      (words) => words.every((word) => /^allow:.+@[0-9a-f]{12}$/.test(word)),
      "must be the words of the run that was stopped, allow:<hazard>:<resource>@<digest>",
    ),
};
