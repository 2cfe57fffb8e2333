import type { z } from "zod";
import { UserError } from "../errors.ts";
import { patiently, reasonOf, retryAfterMs } from "./request.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** What a provider's JSON API is, for those who call it. */
export interface RestService {
  /** For people: `Neon`. */
  name: string;
  /** With the path that all routes share, without a slash at its end. */
  baseUrl: string;
  headers: Record<string, string>;
  /** Where the provider says whether it is well. */
  statusPage: string;
  /** Reads the provider's own error body: its code and its words. */
  refusal(body: unknown): { code?: string | undefined; message?: string | undefined };
}

/** What came back to a call that may be refused. */
export interface Answer {
  status: number;
  code: string;
  message: string;
  headers: Headers;
  body: unknown;
}

/** A provider's JSON API. */
export interface RestApi {
  readonly service: RestService;
  /** @throws ProviderRefusal for every answer that is not 2xx */
  call<T>(method: Method, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T>;
  /** A GET that may find nothing: undefined for a 404. */
  find<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined>;
  /** The answer, whatever it is. @throws ProviderRefusal `provider-unreachable`, `provider-rate-limited` */
  ask(method: Method, path: string, body?: unknown): Promise<Answer>;
}

const TIMEOUT_MS = 30_000;

/**
 * Connects to a provider's JSON API. A 429 is waited out as long as the provider asks, up to a minute; a 5xx or a lost
 * connection is tried again where the call says what is to be (GET, PUT, PATCH, DELETE), never where it makes something.
 */
export function restApi(service: RestService): RestApi {
  async function ask(method: Method, path: string, body?: unknown): Promise<Answer> {
    const send = () =>
      fetch(`${service.baseUrl}${path}`, {
        method,
        headers: {
          accept: "application/json",
          // The only text that anybody here sends is YAML.
          ...(body === undefined
            ? {}
            : { "content-type": typeof body === "string" ? "application/x-yaml" : "application/json" }),
          ...service.headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    const response = await patiently(
      send,
      (outcome) => {
        const repeatable = method !== "POST";
        if ("error" in outcome) return repeatable ? "again" : "done";
        const { status, headers } = outcome.value;
        if (status === 429) return { afterMs: retryAfterMs(headers.get("retry-after")) };
        return status >= 500 && repeatable ? "again" : "done";
      },
      async (refused) => refused.body?.cancel(),
    ).catch((cause: unknown) => {
      throw new ProviderRefusal(service, { method, path, status: undefined, message: reasonOf(cause) });
    });
    const text = await response.text();
    const parsed = parseJson(text);
    const { code, message } = response.ok ? {} : service.refusal(parsed);
    const answer = {
      status: response.status,
      code: code ?? "",
      message: message ?? (typeof parsed === "string" ? parsed.slice(0, 200) : ""),
      headers: response.headers,
      body: parsed,
    };
    if (response.status === 429) throw refusalOf(method, path, answer);
    return answer;
  }

  function refusalOf(method: Method, path: string, answer: Answer): ProviderRefusal {
    return new ProviderRefusal(service, { method, path, ...answer });
  }

  return {
    service,
    ask,
    async call(method, path, schema, body) {
      const answer = await ask(method, path, body);
      if (answer.status < 200 || answer.status > 299) throw refusalOf(method, path, answer);
      return schema.parse(answer.body);
    },
    async find(path, schema) {
      const answer = await ask("GET", path);
      if (answer.status === 404) return undefined;
      if (answer.status < 200 || answer.status > 299) throw refusalOf("GET", path, answer);
      return schema.parse(answer.body);
    },
  };
}

interface RefusedCall {
  method: Method;
  path: string;
  /** Undefined where no answer came. */
  status: number | undefined;
  code?: string;
  message: string;
  headers?: Headers;
}

const KINDS = {
  unauthorized: "Make a new token and give that one; this one is wrong, has expired or was revoked.",
  forbidden: "Give the token the permission that the call needs, or use one that has it.",
  "not-found": "Check the name and the id; a token that may not see a thing gets the same answer.",
  conflict:
    "Somebody has taken that name, or changed it meanwhile: look at it, then run the same command again.",
  "rate-limited":
    "Wait until the provider's limit has passed, then run the same command again: it goes on where it stopped.",
  refused: "The provider's own words say what it minds. Mend that, then run the same command again.",
  unreachable: "Check the network and the address, then run the same command again.",
} as const;

/** A call that a provider refused, or did not answer. The code is `provider-<kind>`. */
export class ProviderRefusal extends UserError {
  readonly status: number | undefined;

  constructor(service: RestService, call: RefusedCall) {
    const kind = kindOf(call.status);
    const answer = call.status === undefined ? "gives no answer" : `answered ${call.status}`;
    const said = [call.message, call.code && `(${call.code})`].filter(Boolean).join(" ");
    const wait = call.headers?.get("retry-after");
    super(
      `provider-${kind}`,
      `${service.name} ${answer} to ${call.method} ${call.path}${said ? `: ${said}` : ""}.`,
      `${KINDS[kind]}${wait ? ` It asks for ${wait} s.` : ""}${kind === "unreachable" || kind === "refused" ? ` Its own page: ${service.statusPage}` : ""}`,
    );
    this.name = "ProviderRefusal";
    this.status = call.status;
  }
}

function kindOf(status: number | undefined): keyof typeof KINDS {
  switch (status) {
    case undefined:
      return "unreachable";
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 404:
      return "not-found";
    case 409:
      return "conflict";
    case 429:
      return "rate-limited";
    default:
      return "refused";
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text === "" ? undefined : text;
  }
}
