import { env } from "cloudflare:workers";

/** How the backend answers: the first rule that fits a body, else 201. */
export interface Answer {
  /** 0: the connection is cut after the message was read. */
  status: number;
  headers?: Record<string, string>;
  /** Only for bodies that hold this text. */
  where?: string;
  /** For so many messages; without it, for good. */
  times?: number;
}

export interface Received {
  headers: Record<string, string>;
  body: string;
  /** What the backend answered. */
  status: number;
}

/** Steers and questions the server of backend-server.ts. */
export const backend = {
  answers: (...answers: Answer[]): Promise<Response> => call("PUT", "answers", JSON.stringify(answers)),
  reset: (): Promise<Response> => call("POST", "reset"),
  received: async (): Promise<Received[]> => (await call("GET", "received")).json(),
};

/** The text of each message that reached the backend, repetitions included. */
export async function receivedTexts(): Promise<string[]> {
  return (await backend.received()).map(({ body }) => JSON.parse(body).message.message);
}

async function call(method: string, path: string, body?: string): Promise<Response> {
  return fetch(`${env.BACKEND_URL}/_test/${path}`, { method, body });
}
