import { env } from "cloudflare:workers";
import type { Answer, Received, Stored } from "./wire.ts";

/** Steers and questions the server of backend-server.ts. */
export const backend = {
  answers: (...answers: Answer[]): Promise<Response> => call("PUT", "answers", JSON.stringify(answers)),
  reset: (): Promise<Response> => call("POST", "reset"),
  /** What the application has, in the order in which it came. */
  stored: async (): Promise<Stored[]> => (await call("GET", "stored")).json(),
  received: async (): Promise<Received[]> => (await call("GET", "received")).json(),
};

/** The text of each message that reached the backend, repetitions included. */
export async function receivedTexts(): Promise<string[]> {
  return (await backend.received()).map(({ body }) => JSON.parse(body).message.message);
}

async function call(method: string, path: string, body?: string): Promise<Response> {
  return fetch(`${env.BACKEND_URL}/_test/${path}`, { method, body });
}
