/** One field of a form that was not accepted. */
export interface FieldError {
  field: string;
  message: string;
}

/** A refusal in the words of RFC 9457; thrown anywhere below the request's handler. */
export class Problem extends Error {
  readonly status: number;
  /** Kebab-case and stable, for programs. */
  readonly code: string;
  readonly errors: FieldError[];
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    code: string,
    /** One sentence for the person who sent the request. */
    detail: string,
    more: { errors?: FieldError[]; headers?: Record<string, string> } = {},
  ) {
    super(detail);
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.errors = more.errors ?? [];
    this.headers = more.headers ?? {};
  }
}

/** `application/problem+json`, or a small page for a browser that posted a form without JavaScript. */
export function problemResponse(problem: Problem, request: Request): Response {
  const headers = new Headers(problem.headers);
  headers.set("cache-control", "no-store");
  headers.set("x-content-type-options", "nosniff");
  if (wantsPage(request)) {
    headers.set("content-type", "text/html; charset=utf-8");
    headers.set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    return new Response(page(problem), { status: problem.status, headers });
  }
  headers.set("content-type", "application/problem+json");
  const body = {
    title: titles[problem.status] ?? "Request refused",
    status: problem.status,
    code: problem.code,
    detail: problem.message,
    ...(problem.errors.length > 0 ? { errors: problem.errors } : {}),
  };
  return new Response(JSON.stringify(body), { status: problem.status, headers });
}

/** True for a navigation: a browser lists text/html itself, programs and `fetch` do not. */
export function wantsPage(request: Request): boolean {
  return (request.headers.get("accept") ?? "").includes("text/html");
}

const titles: Record<number, string> = {
  400: "Malformed request",
  401: "Not authorised",
  403: "Not allowed from here",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  411: "Length required",
  413: "Too large",
  415: "Unsupported content type",
  422: "Some fields need another look",
  429: "Too many messages",
  500: "Our mistake",
  503: "Not available for the moment",
};

function page(problem: Problem): string {
  const title = titles[problem.status] ?? "Request refused";
  const list = problem.errors.map((error) => `<li>${escapeHtml(error.message)}</li>`).join("");
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>${title}</title></head>
<body><main><h1>${title}</h1><p>${escapeHtml(problem.message)}</p>${list && `<ul>${list}</ul>`}<p>Your browser's back button brings you to the form with what you wrote.</p></main></body></html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
