/** A property path taken apart: names and list positions. */
export type Segments = readonly (string | number)[];

const PLAIN_NAME = /^[A-Za-z_$][\w$/-]*$/;

/** `labels` + `stack` = `labels.stack`; odd names are quoted: `labels["a b"]`. */
export function pathOfKey(parent: string, key: string): string {
  if (!PLAIN_NAME.test(key)) return `${parent}[${JSON.stringify(key)}]`;
  return parent === "" ? key : `${parent}.${key}`;
}

export function pathOfIndex(parent: string, index: number): string {
  return `${parent}[${index}]`;
}

/**
 * Takes a path apart, in this project's form or the engine's own.
 *
 * The engine's grammar: https://pkg.go.dev/github.com/pulumi/pulumi/sdk/v3/go/common/resource#ParsePropertyPath
 * A path that is malformed is one name, so that nothing is lost.
 */
export function segmentsOf(path: string): Segments {
  const segments: (string | number)[] = [];
  const token = /\.?([^.[\]"]+)|\[(\d+|\*)\]|\[("(?:[^"\\]|\\.)*")\]/gy;
  let end = 0;
  while (end < path.length) {
    token.lastIndex = end;
    const found = token.exec(path);
    if (!found) return [path];
    const [whole, name, index, quoted] = found;
    if (name !== undefined) segments.push(name);
    else if (index !== undefined) segments.push(index === "*" ? "*" : Number(index));
    else if (quoted !== undefined) segments.push(unquote(quoted));
    end += whole.length;
  }
  return segments;
}

/** The path in this project's form. */
export function pathOf(segments: Segments): string {
  return segments.reduce<string>(
    (path, segment) => (typeof segment === "number" ? pathOfIndex(path, segment) : pathOfKey(path, segment)),
    "",
  );
}

/** True when one path is the other, or lies within it. List positions do not count: the two sides number them differently. */
export function pathsOverlap(one: Segments, other: Segments): boolean {
  const names = one.filter((segment) => typeof segment === "string" && segment !== "*");
  const others = other.filter((segment) => typeof segment === "string" && segment !== "*");
  const shorter = Math.min(names.length, others.length);
  return names.slice(0, shorter).every((name, index) => name === others[index]);
}

function unquote(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted.slice(1, -1);
  }
}
