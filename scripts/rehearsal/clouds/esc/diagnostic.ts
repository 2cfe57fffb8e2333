import type { LineCounter } from "yaml";

/** A place in an environment's definition, as ESC's API counts: lines and columns from 1, bytes from 0. */
export interface Position {
  line: number;
  column: number;
  byte: number;
}
export interface SourceRange {
  environment: string;
  begin: Position;
  end: Position;
}
export interface Diagnostic {
  summary: string;
  path?: string;
  range?: SourceRange;
}

/** A YAML node's place; undefined for nodes that stand nowhere. */
export function rangeOf(
  environment: string,
  lines: LineCounter,
  range: [number, number, number] | null | undefined,
): SourceRange | undefined {
  if (!range) return undefined;
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col, byte: offset };
  };
  return { environment, begin: position(range[0]), end: position(range[1]) };
}
