/** What is left of a text's limit. */
export class Room {
  #left: number;
  readonly #measure: (text: string) => number;

  constructor(limit: number, measure: (text: string) => number) {
    this.#left = limit;
    this.#measure = measure;
  }

  get left(): number {
    return this.#left;
  }

  /** Takes room for a text and the empty line after it, if there is enough beyond `keep`. */
  take(text: string, keep = 0): boolean {
    const size = this.#measure(text) + 2;
    if (size > this.#left - keep) return false;
    this.#left -= size;
    return true;
  }

  /** Takes room whether it is there or not. */
  reserve(size: number): void {
    this.#left -= size;
  }
}
