/** One structured line; never anything that a sender wrote. */
export function log(event: string, fields: Record<string, string | number | boolean> = {}): void {
  console.log({ event, ...fields });
}
