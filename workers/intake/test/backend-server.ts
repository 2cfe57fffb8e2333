import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { siteverify } from "./siteverify.ts";
import type { Answer, Received, Stored } from "./wire.ts";

/**
 * Starts the application's place in these tests, a real HTTP server that tests steer from within workerd by backend.ts. It
 * ends with the process.
 *
 * @returns its address, without a slash at the end
 */
export async function startBackend(): Promise<string> {
  let received: Received[] = [];
  let answers: Answer[] = [];
  /** By id, as in django/: what is there already is not taken again. */
  let stored = new Map<string, Stored>();

  const server = createServer(async (request, response) => {
    const body = await text(request);
    switch (`${request.method} ${request.url}`) {
      case "GET /_test/received":
        response.end(JSON.stringify(received));
        return;
      case "GET /_test/stored":
        response.end(JSON.stringify([...stored.values()]));
        return;
      case "PUT /_test/answers":
        answers = JSON.parse(body) as Answer[];
        response.end();
        return;
      case "POST /_test/reset":
        received = [];
        answers = [];
        stored = new Map();
        response.end();
        return;
      case "POST /intake/messages": {
        const index = answers.findIndex((answer) => !answer.where || body.includes(answer.where));
        const answer = answers[index];
        if (answer?.times !== undefined && --answer.times === 0) answers.splice(index, 1);
        const message = JSON.parse(body) as Stored;
        const status = answer?.status ?? (stored.has(message.id) ? 200 : 201);
        if ((!answer || answer.stores) && !stored.has(message.id)) stored.set(message.id, message);
        received.push({ headers: request.headers as Record<string, string>, body, status });
        if (status === 0) {
          response.socket?.destroy();
          return;
        }
        response.writeHead(status, answer?.headers).end();
        return;
      }
      case "POST /siteverify":
        siteverify(JSON.parse(body), response);
        return;
      default:
        response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function text(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  return body;
}
