import { Agent, request } from "node:http";

/** A post that was accepted, and how long its answer took, in milliseconds. */
export interface Post {
  sender: string;
  text: string;
  ms: number;
}

/** Each sender's messages go one after the other, so that their order is certain. */
const EACH_SENDER = 4;
/** Posts that are on their way at the same time. */
const AT_ONCE = 32;
/** A post that was not accepted is sent again as the form does: under the same key. */
const TRIES = 5;

/** Sends so many posts as fast as the Worker takes them. */
export async function postAll(
  url: string,
  posts: number,
  { onProgress, signal }: { onProgress: (done: number) => void; signal: AbortSignal },
): Promise<Post[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const done: Post[] = [];
  let next = 0;
  const lane = async () => {
    while (next < posts) {
      const first = next;
      next += EACH_SENDER;
      const sender = `sender${first / EACH_SENDER}@example.org`;
      for (let index = first; index < Math.min(first + EACH_SENDER, posts); index++) {
        signal.throwIfAborted();
        const started = performance.now();
        const text = `Message ${index}`;
        await deliver(url, agent, sender, text);
        done.push({ sender, text, ms: performance.now() - started });
        onProgress(done.length);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    return done;
  } finally {
    agent.destroy();
  }
}

async function deliver(url: string, agent: Agent, sender: string, text: string): Promise<void> {
  let status = 0;
  for (let attempt = 0; attempt < TRIES && status !== 202; attempt++)
    status = await post(url, agent, sender, text).catch(() => 0);
  if (status !== 202) throw new Error(`the intake answered ${status} to a post, ${TRIES} times`);
}

function post(url: string, agent: Agent, email: string, message: string): Promise<number> {
  const body = JSON.stringify({ name: "Load", email, message, topic: "berth" });
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${url}/intake`,
      {
        method: "POST",
        agent,
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          "idempotency-key": message.replace(" ", "-"),
        },
      },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
        response.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
