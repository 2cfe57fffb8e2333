import {
  type Document,
  isMap,
  isScalar,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type YAMLMap,
} from "yaml";
import type { Vault } from "../base/vault.ts";
import { type Diagnostic, rangeOf } from "./diagnostic.ts";

/** A parsed definition of an environment: its YAML, with comments and order as written. */
export interface Definition {
  document: Document.Parsed<ParsedNode>;
  lines: LineCounter;
  diagnostics: Diagnostic[];
}

const SECRET = "fn::secret";

/** Parses a definition and says what is wrong with its outer form. An empty text is an empty environment. */
export function parseDefinition(environment: string, text: string): Definition {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const diagnostics: Diagnostic[] = document.errors.map((error) => ({
    summary: error.message,
    ...withRange(rangeOf(environment, lines, [error.pos[0], error.pos[1], error.pos[1]])),
  }));
  const root = document.contents;
  const isEmpty = root === null || (isScalar(root) && root.value === null);
  if (!isEmpty && !isMap(root)) diagnostics.push({ summary: "an environment must be an object" });
  if (isMap(root))
    for (const { key } of root.items)
      if (isScalar(key) && key.value !== "values" && key.value !== "imports")
        diagnostics.push({
          summary: `unknown top-level key "${key.value}"`,
          path: String(key.value),
          ...withRange(rangeOf(environment, lines, key.range)),
        });
  return { document, lines, diagnostics };
}

/** The text with every `fn::secret: plaintext` turned into `fn::secret: {ciphertext: …}`; that is how ESC keeps and shows it. */
export function encryptSecrets(definition: Definition, vault: Vault): string {
  forEachSecret(definition, (map) => {
    const value: unknown = map.toJSON()[SECRET];
    if (ciphertextOf(value) !== undefined) return;
    map.set(SECRET, definition.document.createNode({ ciphertext: vault.encrypt(JSON.stringify(value)) }));
  });
  return textOf(definition);
}

/** The text with its secrets in clear. */
export function decryptSecrets(definition: Definition, vault: Vault): string {
  forEachSecret(definition, (map) => {
    const ciphertext = ciphertextOf(map.toJSON()[SECRET]);
    const plaintext = ciphertext === undefined ? undefined : vault.decrypt(ciphertext);
    if (plaintext !== undefined) map.set(SECRET, definition.document.createNode(JSON.parse(plaintext)));
  });
  return textOf(definition);
}

/** The ciphertext of `{ciphertext: …}`. */
export function ciphertextOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("ciphertext" in value)) return undefined;
  return typeof value.ciphertext === "string" ? value.ciphertext : undefined;
}

function forEachSecret(definition: Definition, visit: (map: YAMLMap) => void): void {
  const walk = (node: unknown): void => {
    if (isMap(node)) {
      if (node.has(SECRET)) visit(node);
      else for (const { value } of node.items) walk(value);
    } else if (typeof node === "object" && node !== null && "items" in node && Array.isArray(node.items))
      for (const item of node.items) walk(item);
  };
  walk(definition.document.contents);
}

function textOf(definition: Definition): string {
  return definition.document.contents === null ? "" : definition.document.toString({ lineWidth: 0 });
}

function withRange(range: Diagnostic["range"]): { range?: NonNullable<Diagnostic["range"]> } {
  return range ? { range } : {};
}
