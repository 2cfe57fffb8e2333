/**
 * Looks for secrets in texts: in plain, in their usual disguises, and split over lines.
 *
 * @param secrets by name
 * @returns the names of those that a text holds
 */
export function searchFor(secrets: Readonly<Record<string, string>>): (text: string) => string[] {
  const all = Object.entries(secrets).map(([name, value]) => ({ name, forms: disguises(value) }));
  return (text) => {
    const content = joined(text);
    return all.filter(({ forms }) => forms.some((form) => content.includes(form))).map(({ name }) => name);
  };
}

/**
 * The content once as it is and once without what a text is split by: line ends, with the marks that a log puts at the start of a
 * line, and `\\n` in JSON.
 */
function joined(content: string): string {
  return `${content}\0${content.replaceAll(/(?:\r?\n|\\r|\\n)[ \t|>+-]*/g, "")}`;
}

function disguises(value: string): string[] {
  const bytes = Buffer.from(value);
  // A secret inside a longer base64 text starts at one of three offsets; its middle is the same at each.
  const middles = [0, 1, 2].flatMap((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset, 0x20), bytes]);
    return [padded.toString("base64"), padded.toString("base64url")].map((text) => text.slice(4, -4));
  });
  const longest = value.split("\n").toSorted((a, b) => b.length - a.length)[0] ?? value;
  const json = JSON.stringify(value).slice(1, -1);
  const hex = bytes.toString("hex");
  return [
    ...new Set([
      longest,
      value.replaceAll(/\r?\n/g, ""),
      json,
      // A text in JSON that is a field of JSON again.
      JSON.stringify(json).slice(1, -1),
      encodeURIComponent(value),
      new URLSearchParams([["", value]]).toString().slice(1),
      bytes.toString("base64"),
      bytes.toString("base64url"),
      ...middles,
      hex,
      hex.toUpperCase(),
    ]),
  ].filter((form) => form.length >= 12);
}
