import type { Value } from "./model.ts";

/** JSON with sorted keys: equal text means equal value, whatever order the properties came in. */
export function canonical(value: Value | undefined): string {
  if (value === undefined) return "null";
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const record: { [key: string]: Value | undefined } = { ...value };
  const members = Object.keys(record)
    .sort()
    .flatMap((key) =>
      record[key] === undefined ? [] : [`${JSON.stringify(key)}:${canonical(record[key])}`],
    );
  return `{${members.join(",")}}`;
}
