import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import type { Answer, Received } from "./wire.ts";

/** Starts the application's place in these tests, a real HTTP server that tests steer from within workerd by backend.ts. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let received: Received[] = [];
  let answers: Answer[] = [];

  const server = createServer(async (request, response) => {
    const body = await text(request);
    switch (`${request.method} ${request.url}`) {
      case "GET /_test/received":
        response.end(JSON.stringify(received));
        return;
      case "PUT /_test/answers":
        answers = JSON.parse(body) as Answer[];
        response.end();
        return;
      case "POST /_test/reset":
        received = [];
        answers = [];
        response.end();
        return;
      case "POST /intake/messages": {
        const index = answers.findIndex((answer) => !answer.where || body.includes(answer.where));
        const answer = answers[index];
        if (answer?.times !== undefined && --answer.times === 0) answers.splice(index, 1);
        const status = answer?.status ?? 201;
        received.push({ headers: request.headers as Record<string, string>, body, status });
        if (status === 0) {
          response.socket?.destroy();
          return;
        }
        response.writeHead(status, answer?.headers).end();
        return;
      }
      default:
        response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  project.provide("backendUrl", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
}

async function text(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  return body;
}

declare module "vitest" {
  export interface ProvidedContext {
    backendUrl: string;
  }
}
