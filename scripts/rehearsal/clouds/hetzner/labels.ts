import { z } from "zod";
import { invalidInput } from "./error.ts";

const NAME = /^[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

function isKey(key: string): boolean {
  const [first, second, ...rest] = key.split("/");
  if (rest.length > 0 || first === undefined) return false;
  return second === undefined ? NAME.test(first) : PREFIX.test(first) && NAME.test(second);
}

/** Labels by the rules of https://docs.hetzner.cloud/reference/cloud#labels */
export const Labels = z.record(z.string(), z.string()).superRefine((labels, context) => {
  for (const [key, value] of Object.entries(labels)) {
    if (!isKey(key))
      context.addIssue({ code: "custom", message: `label key '${key}' is not correctly formatted` });
    if (value !== "" && !NAME.test(value))
      context.addIssue({ code: "custom", message: `label value '${value}' is not correctly formatted` });
  }
});
export type Labels = { [key: string]: string };

/**
 * Reads a label selector (`k==v`, `k=v`, `k!=v`, `k`, `!k`, `k in (a,b)`, `k notin (a,b)`, joined by commas) into a
 * test of labels (https://docs.hetzner.cloud/reference/cloud#label-selector).
 *
 * @throws HetznerError `invalid_input` for what is none
 */
export function labelSelector(selector: string): (labels: Labels) => boolean {
  const tests = splitTerms(selector).map(readTerm);
  return (labels) => tests.every((test) => test(labels));
}

/** Splits at commas outside of parentheses. */
function splitTerms(selector: string): string[] {
  return selector
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== "");
}

function readTerm(term: string): (labels: Labels) => boolean {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(term);
  if (set) {
    const [, key = "", operator, list = ""] = set;
    const values = list.split(",").map((value) => value.trim());
    assertKey(key);
    return operator === "in"
      ? (labels) => key in labels && values.includes(labels[key] ?? "")
      : (labels) => !(key in labels && values.includes(labels[key] ?? ""));
  }
  const equality = /^([^=!\s]+)\s*(==|!=|=)\s*(\S*)$/.exec(term);
  if (equality) {
    const [, key = "", operator, value] = equality;
    assertKey(key);
    return operator === "!=" ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const absent = term.startsWith("!");
  const key = absent ? term.slice(1).trim() : term;
  assertKey(key);
  return (labels) => key in labels !== absent;
}

function assertKey(key: string): void {
  if (!isKey(key)) throw invalidInput("label_selector", "is not a valid label selector");
}
