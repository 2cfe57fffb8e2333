import { PROBLEM_TYPES, type ProblemCode } from "./problem-types.ts";

/** One field of a form that was not accepted. */
export interface FieldError {
  field: string;
  message: string;
}

/** A refusal in the words of RFC 9457; thrown anywhere below the request's handler. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly errors: FieldError[];
  readonly headers: Record<string, string>;

  constructor(
    code: ProblemCode,
    /** One sentence for the person who sent the request. */
    detail: string,
    more: { errors?: FieldError[]; headers?: Record<string, string> } = {},
  ) {
    super(detail);
    this.name = "Problem";
    this.code = code;
    this.status = PROBLEM_TYPES[code].status;
    this.errors = more.errors ?? [];
    this.headers = more.headers ?? {};
  }
}

/** `application/problem+json`, or a small page for a browser that posted a form without JavaScript. */
export function problemResponse(problem: Problem, request: Request): Response {
  const { status, title } = PROBLEM_TYPES[problem.code];
  const headers = { ...problem.headers, "cache-control": "no-store" };
  if (wantsPage(request)) {
    const list = problem.errors.map((error) => `<li>${escapeHtml(error.message)}</li>`).join("");
    const back = "Your browser's back button brings you to the form with what you wrote.";
    return page(title, `<p>${escapeHtml(problem.message)}</p>${list && `<ul>${list}</ul>`}<p>${back}</p>`, {
      status,
      headers,
    });
  }
  const body = {
    type: new URL(`/intake/problems/${problem.code}`, request.url).href,
    title,
    status,
    code: problem.code,
    detail: problem.message,
    ...(problem.errors.length > 0 ? { errors: problem.errors } : {}),
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...headers, "x-content-type-options": "nosniff", "content-type": "application/problem+json" },
  });
}

/**
 * `GET /intake/problems/<code>`: what the `type` of a refusal leads to.
 *
 * @throws Problem 404
 */
export async function describeProblem(_request: Request, _env: unknown, code: string): Promise<Response> {
  const type = Object.entries(PROBLEM_TYPES).find(([each]) => each === code)?.[1];
  if (!type) throw new Problem("not-found", "There is no such problem.");
  const body = `<p>${escapeHtml(type.help)}</p><p>Status ${type.status}, code <code>${code}</code>.</p>`;
  return page(type.title, body, { headers: { "cache-control": "public, max-age=3600" } });
}

/** True for a navigation: a browser lists text/html itself, programs and `fetch` do not. */
export function wantsPage(request: Request): boolean {
  return (request.headers.get("accept") ?? "").includes("text/html");
}

/** @param body markup, whatever was in it from outside made harmless */
function page(
  title: string,
  body: string,
  init: { status?: number; headers: Record<string, string> },
): Response {
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>${title}</title></head>
<body><main><h1>${title}</h1>${body}</main></body></html>`;
  return new Response(html, {
    ...init,
    headers: {
      ...init.headers,
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
    },
  });
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
