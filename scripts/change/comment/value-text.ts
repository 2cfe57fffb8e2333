import { isSecret, isUnknown, type Value } from "../model.ts";
import { cutMiddle, visible } from "./escape.ts";

/** A value on one line, as code: `{ port: "22", sourceIps: ["0.0.0.0/0"] }`; at most about `most` characters, whatever its size. */
export function valueText(value: Value | undefined, most: number): string {
  if (value === undefined) return "(none)";
  const parts: string[] = [];
  let room = most;
  const put = (text: string): boolean => {
    parts.push(text);
    room -= text.length;
    return room > 0;
  };
  write(value, put, most);
  return cutMiddle(parts.join(""), most);
}

function write(value: Value, put: (text: string) => boolean, most: number): boolean {
  if (isSecret(value)) return put("[secret]");
  if (isUnknown(value)) return put("(known after the update)");
  if (typeof value === "string") return put(JSON.stringify(visible(cutMiddle(value, most))));
  if (typeof value !== "object" || value === null) return put(String(value));
  const isList = Array.isArray(value);
  const members = Object.entries(value);
  if (members.length === 0) return put(isList ? "[]" : "{}");
  if (!put(isList ? "[" : "{ ")) return false;
  for (const [index, [key, member]] of members.entries()) {
    if (index > 0 && !put(", ")) return false;
    if (!isList && !put(`${keyText(key)}: `)) return false;
    if (!write(member, put, most)) return false;
  }
  return put(isList ? "]" : " }");
}

export function keyText(key: string): string {
  return /^[\w$-]+$/.test(key) ? key : JSON.stringify(visible(cutMiddle(key, 100)));
}
