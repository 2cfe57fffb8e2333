/** The comment's limit at GitHub, in characters. */
const MOST = 65_536;

/**
 * Puts what became of a stack's change into the comment, below its title, in place of what stood there for the stack. Every
 * other character stays as it is.
 *
 * @param note Markdown; a shorter one takes its place where the comment has no room for it
 */
export function withOutcome(comment: string, stack: string, note: string, shorter: string = note): string {
  // A stack's name is letters, digits and dashes, but two of these would end an HTML comment.
  const name = stack.replaceAll("--", "-~");
  const [open, close] = [`<!-- outcome ${name} -->`, `<!-- /outcome ${name} -->`];
  const start = comment.indexOf(open);
  const end = comment.indexOf(close, start);
  const known = start >= 0 && end > start;
  const put = (text: string): string => {
    const block = `${open}\n${text}\n\n${close}`;
    if (known) return comment.slice(0, start) + block + comment.slice(end + close.length);
    const place = afterTitle(comment);
    return `${comment.slice(0, place)}\n${block}\n${comment.slice(place)}`;
  };
  return [note, shorter].map(put).find((text) => text.length <= MOST) ?? comment;
}

/** After the line of the first heading and those of notes that stand there already; at the end where there is no heading. */
function afterTitle(comment: string): number {
  const heading = /^### .*\n?/m.exec(comment);
  if (!heading) return comment.length;
  const after = heading.index + heading[0].length;
  const notes = /^(?:\s*<!-- outcome [^>]* -->[\s\S]*?<!-- \/outcome [^>]* -->\n?)+/.exec(
    comment.slice(after),
  );
  return after + (notes?.[0].length ?? 0);
}
