/** A step of a property path: a name or an index. */
export type PathStep = string | number;

export type Piece = { text: string } | { path: PathStep[] };

/**
 * Splits `https://${host}:${ports[0]}` into its pieces; `$$` stands for one `$`
 * (https://www.pulumi.com/docs/esc/reference/environment-definition-syntax/).
 * Undefined when a reference is not well formed.
 */
export function parseInterpolation(text: string): Piece[] | undefined {
  const pieces: Piece[] = [];
  let literal = "";
  let at = 0;
  while (at < text.length) {
    if (text.startsWith("$$", at)) {
      literal += "$";
      at += 2;
    } else if (text.startsWith("${", at)) {
      const end = text.indexOf("}", at);
      const path = end === -1 ? undefined : parsePath(text.slice(at + 2, end));
      if (path === undefined) return undefined;
      if (literal !== "") pieces.push({ text: literal });
      literal = "";
      pieces.push({ path });
      at = end + 1;
    } else {
      literal += text[at];
      at += 1;
    }
  }
  if (literal !== "") pieces.push({ text: literal });
  return pieces;
}

const STEP = /^(?:\.?([A-Za-z_$][\w$:-]*)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\])/;

/** Reads `a.b[0]["odd key"]`; undefined when it is none. */
export function parsePath(text: string): PathStep[] | undefined {
  const steps: PathStep[] = [];
  let rest = text.trim();
  while (rest !== "") {
    const match = STEP.exec(rest);
    if (!match || (steps.length === 0 && rest.startsWith("."))) return undefined;
    const [whole, name, index, quoted] = match;
    if (index !== undefined) steps.push(Number(index));
    else if (quoted !== undefined) steps.push(quoted.replace(/\\(.)/g, "$1"));
    else if (name !== undefined) {
      if (steps.length > 0 && !rest.startsWith(".")) return undefined;
      steps.push(name);
    }
    rest = rest.slice(whole.length);
  }
  return steps.length === 0 ? undefined : steps;
}
