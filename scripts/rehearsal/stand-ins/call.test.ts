import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { type ApiStyle, callApi } from "./call.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An API that gives these answers, one a call, and counts the calls. */
async function startApi(...answers: Answer[]) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    answers[seen.length - 1]?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const style: ApiStyle = {
    baseUrl: `http://127.0.0.1:${port}`,
    token: "a-token",
    retries: 2,
    backoffMs: 1,
    retry: (outcome) => "network" in outcome || outcome.status === 429 || outcome.status >= 500,
    explain: () => ({ code: "some_code", message: "some words" }),
    signal: new AbortController().signal,
  };
  return { seen, style };
}
const status =
  (code: number, headers: { [name: string]: string } = {}): Answer =>
  (_request, response) =>
    response.writeHead(code, headers).end("{}");
const hangUp: Answer = (request) => request.socket.destroy();

test("a call that is refused for now is tried again after as long as the API asks for", async () => {
  const { seen, style } = await startApi(status(429, { "retry-after": "0.05" }), status(503), status(200));
  const started = performance.now();
  expect(await callApi(style, "GET", "/servers")).toEqual({});
  expect(performance.now() - started).toBeGreaterThan(45);
  expect(seen).toEqual(Array(3).fill("GET /servers Bearer a-token"));
});

test("a call that is refused for good is not tried again, and the error has the call and the provider's words", async () => {
  const { seen, style } = await startApi(status(422));
  await expect(callApi(style, "POST", "/servers", { name: "app" })).rejects.toThrow(
    "POST /servers answered 422 some_code: some words",
  );
  expect(seen).toHaveLength(1);
});

test("after the last try the error of that try stands", async () => {
  const { seen, style } = await startApi(status(500), hangUp, hangUp);
  await expect(callApi(style, "GET", "/servers")).rejects.toThrow(/^GET \/servers got no answer from http/);
  expect(seen).toHaveLength(3);
});

test("no error holds the token", async () => {
  const { style } = await startApi(status(401));
  await expect(callApi(style, "GET", "/servers")).rejects.not.toThrow(/a-token/);
});

test("a cancelled client starts no further call, and waits for no repetition", async () => {
  const cancel = new AbortController();
  const { seen, style } = await startApi((_request, response) => {
    cancel.abort();
    response.writeHead(429, { "retry-after": "60" }).end();
  });
  const cancelled = { ...style, signal: cancel.signal };
  await expect(callApi(cancelled, "GET", "/servers")).rejects.toThrow("cancelled");
  await expect(callApi(cancelled, "GET", "/servers")).rejects.toThrow("cancelled before GET /servers");
  expect(seen).toHaveLength(1);
});
