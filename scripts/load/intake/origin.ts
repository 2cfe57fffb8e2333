import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

const Delivery = z.object({
  id: z.string(),
  message: z.object({ email: z.string(), message: z.string() }),
});

/** The application's place in the load test: refuses connections while it is dead, then takes each id once. */
export interface Origin {
  url: string;
  /** Texts of each sender's messages, in the order in which they came; as the application has them, each id once. */
  inbox: ReadonlyMap<string, string[]>;
  stored(): number;
  /** Deliveries of what was there already. */
  repeated(): number;
  revive(): Promise<void>;
  close(): Promise<void>;
}

/** Sets a port aside and leaves it dead. */
export async function deadOrigin(signingKey: string): Promise<Origin> {
  const ids = new Set<string>();
  const inbox = new Map<string, string[]>();
  let repeated = 0;
  const server = createServer(async (request, response) => {
    const body = await text(request);
    if (!isSigned(request, body, signingKey)) {
      response.writeHead(401).end();
      return;
    }
    const { id, message } = Delivery.parse(JSON.parse(body));
    if (ids.has(id)) {
      repeated += 1;
      response.writeHead(200).end();
      return;
    }
    ids.add(id);
    inbox.set(message.email, [...(inbox.get(message.email) ?? []), message.message]);
    response.writeHead(201).end();
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  await close();
  return {
    url: `http://127.0.0.1:${port}`,
    inbox,
    stored: () => ids.size,
    repeated: () => repeated,
    revive: () => listen(port),
    close,
  };
}

function isSigned({ headers }: IncomingMessage, body: string, key: string): boolean {
  const content = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const expected = Buffer.from(`v1,${createHmac("sha256", key).update(content).digest("base64")}`);
  const given = Buffer.from(String(headers["webhook-signature"]));
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function text(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  return body;
}
