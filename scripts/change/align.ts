/** One line or list element of two versions: in both (`before` and `after` are its positions), or in one of them. */
export type Aligned =
  | { kind: "same"; before: number; after: number }
  | { kind: "remove"; before: number }
  | { kind: "add"; after: number };

/** More differences than this are not searched for the shortest script: the middle counts as replaced. */
const MOST_DIFFERENCES = 600;

/**
 * The shortest way from one list to the other by removing and adding (E. W. Myers, "An O(ND) Difference Algorithm and
 * Its Variations", 1986), removals before additions where both stand at one place.
 */
export function align(before: readonly string[], after: readonly string[]): Aligned[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail++;

  const middle = shortest(
    before.slice(head, before.length - tail),
    after.slice(head, after.length - tail),
  ).map((entry) => shifted(entry, head));
  const same = (count: number, b: number, a: number): Aligned[] =>
    Array.from({ length: count }, (_, i) => ({ kind: "same", before: b + i, after: a + i }));
  return [
    ...same(head, 0, 0),
    ...removalsFirst(middle),
    ...same(tail, before.length - tail, after.length - tail),
  ];
}

function shortest(before: readonly string[], after: readonly string[]): Aligned[] {
  const n = before.length;
  const m = after.length;
  // At least so many differences as one list is longer.
  if (n === 0 || m === 0 || Math.abs(n - m) > MOST_DIFFERENCES) return replaced(before, after);
  const most = Math.min(n + m, MOST_DIFFERENCES);
  const offset = most + 1;
  let furthest = new Int32Array(2 * offset + 1);
  const trace: Int32Array[] = [];
  for (let d = 0; d <= most; d++) {
    trace.push(furthest.slice());
    const next = furthest.slice();
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && at(next, offset + k - 1) < at(next, offset + k + 1));
      let x = down ? at(next, offset + k + 1) : at(next, offset + k - 1) + 1;
      while (x < n && x - k < m && before[x] === after[x - k]) x++;
      next[offset + k] = x;
      if (x >= n && x - k >= m) return walkBack(trace, offset, n, m);
    }
    furthest = next;
  }
  return replaced(before, after);
}

function replaced(before: readonly string[], after: readonly string[]): Aligned[] {
  return [
    ...before.map((_, i): Aligned => ({ kind: "remove", before: i })),
    ...after.map((_, i): Aligned => ({ kind: "add", after: i })),
  ];
}

function walkBack(trace: readonly Int32Array[], offset: number, n: number, m: number): Aligned[] {
  const script: Aligned[] = [];
  let x = n;
  let y = m;
  for (let d = trace.length - 1; d >= 0; d--) {
    const furthest = trace[d] ?? new Int32Array();
    const k = x - y;
    const down =
      d > 0 && (k === -d || (k !== d && at(furthest, offset + k - 1) < at(furthest, offset + k + 1)));
    const fromK = down ? k + 1 : k - 1;
    const fromX = d === 0 ? 0 : at(furthest, offset + fromK);
    const fromY = d === 0 ? 0 : fromX - fromK;
    while (x > fromX && y > fromY) script.push({ kind: "same", before: --x, after: --y });
    if (d === 0) break;
    if (down) script.push({ kind: "add", after: --y });
    else script.push({ kind: "remove", before: --x });
  }
  return script.reverse();
}

function shifted(entry: Aligned, by: number): Aligned {
  switch (entry.kind) {
    case "same":
      return { kind: "same", before: entry.before + by, after: entry.after + by };
    case "remove":
      return { kind: "remove", before: entry.before + by };
    case "add":
      return { kind: "add", after: entry.after + by };
  }
}

function removalsFirst(script: readonly Aligned[]): Aligned[] {
  const ordered: Aligned[] = [];
  let added: Aligned[] = [];
  for (const entry of script) {
    if (entry.kind === "add") added.push(entry);
    else if (entry.kind === "remove") ordered.push(entry);
    else {
      ordered.push(...added, entry);
      added = [];
    }
  }
  return [...ordered, ...added];
}

function at(array: Int32Array, index: number): number {
  return array[index] ?? 0;
}
