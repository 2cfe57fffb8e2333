import type { Visit } from "./visit.ts";

/**
 * A few signatures that stand for Cloudflare's managed rulesets, whose rules are not public: enough to tell whether a
 * zone executes them, not what they find.
 */
const SIGNATURES = [
  /\.\.\/\.\.\//,
  /\/etc\/passwd/,
  /<script[\s>]/i,
  /\bunion\b[\s\S]*\bselect\b/i,
  /'\s*or\s*'?1'?\s*=\s*'?1/i,
  /\$\{jndi:/i,
];

/** Whether the stand-in for managed rules finds something in a request's address or headers. */
export function managedMatch(visit: Visit): boolean {
  const texts = [visit.url.pathname + visit.url.search, ...visit.headers.values()].map((text) => {
    try {
      return decodeURIComponent(text.replaceAll("+", " "));
    } catch {
      return text;
    }
  });
  return texts.some((text) => SIGNATURES.some((signature) => signature.test(text)));
}
