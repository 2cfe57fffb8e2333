import type { V4WorkerOptions } from "miniflare";
import { z } from "zod";
import { hexId } from "../ids.ts";
import type { QueueConsumer } from "../model.ts";
import type { CloudState } from "../state.ts";
import { QUEUES_WORKER } from "./worker-options.ts";

/** One message that waits in a queue. */
export interface Queued {
  id: string;
  body: unknown;
  contentType: "json" | "text" | "bytes";
  sentAt: number;
  notBefore: number;
  attempts: number;
}

export interface Delivered {
  id: string;
  timestamp: Date;
  attempts: number;
  body: unknown;
}

/** What a consumer's `queue()` handler made of a batch. */
export interface BatchOutcome {
  outcome: string;
  ackAll: boolean;
  retryBatch: { retry: boolean; delaySeconds?: number };
  explicitAcks: string[];
  retryMessages: { msgId: string; delaySeconds?: number }[];
}

type Deliver = (script: string, queue: string, messages: Delivered[]) => Promise<BatchOutcome | undefined>;

/** Batches wait for company at most this long, whatever the consumer allows: a rehearsal has a minute in all. */
const MAX_WAIT_MS = 50;
const FAILED_DELIVERY_MS = 200;

const Sent = z.object({
  queue: z.string(),
  messages: z.array(
    z.object({
      body: z.unknown().optional(),
      contentType: z.enum(["json", "text", "bytes"]),
      delaySeconds: z.number().optional(),
    }),
  ),
});

/** The queues of the account: messages are kept in the world's database until a consumer has acknowledged them. */
export interface Queues {
  send(request: Request): Promise<Response>;
  close(): void;
}

export function openQueues(state: CloudState, deliver: Deliver): Queues {
  const timers = new Map<string, NodeJS.Timeout>();
  const delivering = new Set<string>();
  let closed = false;
  const messagesOf = (queueId: string) => state.store.collection<Queued>(`queue-messages:${queueId}`);
  const consumerOf = (queueId: string) =>
    state.consumers.list().find((consumer) => consumer.queue_id === queueId);
  const idOf = (name: string) => state.queues.list().find((queue) => queue.queue_name === name)?.queue_id;

  const schedule = (queueId: string, ms: number) => {
    if (closed) return;
    clearTimeout(timers.get(queueId));
    const timer = setTimeout(() => void run(queueId).catch(() => schedule(queueId, FAILED_DELIVERY_MS)), ms);
    timer.unref();
    timers.set(queueId, timer);
  };

  const run = async (queueId: string) => {
    const consumer = consumerOf(queueId);
    const queue = state.queues.get(queueId);
    if (!consumer || !queue || queue.settings.delivery_paused || delivering.has(queueId)) return;
    const now = state.now().getTime();
    const waiting = messagesOf(queueId).list();
    const due = waiting.filter((message) => message.notBefore <= now).slice(0, consumer.settings.batch_size);
    if (due.length > 0) {
      delivering.add(queueId);
      try {
        const outcome = await deliver(consumer.script_name, queue.queue_name, due.map(delivered));
        settle(queueId, consumer, due, outcome);
      } finally {
        delivering.delete(queueId);
      }
    }
    const next = Math.min(
      ...messagesOf(queueId)
        .list()
        .map((message) => message.notBefore),
    );
    if (Number.isFinite(next)) schedule(queueId, Math.max(next - state.now().getTime(), MAX_WAIT_MS));
  };

  const settle = (
    queueId: string,
    consumer: QueueConsumer,
    batch: Queued[],
    outcome: BatchOutcome | undefined,
  ) => {
    const failed = outcome === undefined || outcome.outcome !== "ok";
    for (const message of batch) {
      const retry = outcome?.retryMessages.find(({ msgId }) => msgId === message.id);
      const acked = outcome?.ackAll || outcome?.explicitAcks.includes(message.id);
      const again = !acked && (failed || retry !== undefined || outcome.retryBatch.retry);
      if (!again) {
        messagesOf(queueId).delete(message.id);
        continue;
      }
      if (message.attempts >= consumer.settings.max_retries) {
        messagesOf(queueId).delete(message.id);
        const dead = consumer.dead_letter_queue && idOf(consumer.dead_letter_queue);
        if (dead) put(dead, { ...message, attempts: 0 });
        continue;
      }
      const seconds =
        retry?.delaySeconds ?? outcome?.retryBatch.delaySeconds ?? consumer.settings.retry_delay;
      messagesOf(queueId).put(message.id, {
        ...message,
        attempts: message.attempts + 1,
        notBefore: state.now().getTime() + seconds * 1000,
      });
    }
  };

  const keep = (queueId: string, message: Queued) => messagesOf(queueId).put(message.id, message);
  const put = (queueId: string, message: Queued) => {
    keep(queueId, message);
    schedule(queueId, Math.min(consumerOf(queueId)?.settings.max_wait_time_ms ?? MAX_WAIT_MS, MAX_WAIT_MS));
  };

  const wake = () => {
    for (const queue of state.queues.list()) schedule(queue.queue_id, MAX_WAIT_MS);
  };
  // Messages of before a restart, and those that waited for a consumer to be attached.
  wake();
  state.onWorkersChanged(wake);

  return {
    async send(request) {
      const sent = Sent.parse(await request.json());
      const queueId = idOf(sent.queue);
      if (!queueId) return new Response("Queue does not exist", { status: 404 });
      const now = state.now().getTime();
      const delaySeconds = state.queues.get(queueId)?.settings.delivery_delay ?? 0;
      state.store.transaction(() => {
        for (const message of sent.messages)
          keep(queueId, {
            id: hexId(),
            body: message.body,
            contentType: message.contentType,
            sentAt: now,
            notBefore: now + (message.delaySeconds ?? delaySeconds) * 1000,
            attempts: 0,
          });
      });
      schedule(queueId, MAX_WAIT_MS);
      return new Response(null, { status: 204 });
    },
    close() {
      closed = true;
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

function delivered(message: Queued): Delivered {
  return {
    id: message.id,
    timestamp: new Date(message.sentAt),
    attempts: message.attempts + 1,
    body: message.contentType === "bytes" ? Buffer.from(String(message.body), "base64") : message.body,
  };
}

/** The producer side of a queue binding: an entrypoint whose methods are those of a queue. */
const PRODUCER = `import { WorkerEntrypoint } from "cloudflare:workers";
function packed({ body, contentType = "json", delaySeconds }) {
  if (contentType === "bytes") {
    const bytes = new Uint8Array(body.buffer ?? body);
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return { body: btoa(text), contentType, delaySeconds };
  }
  return { body, contentType: contentType === "text" ? "text" : "json", delaySeconds };
}
export class Producer extends WorkerEntrypoint {
  async #send(messages) {
    const response = await this.env.CLOUD.fetch("http://queues/", {
      method: "POST",
      body: JSON.stringify({ queue: this.ctx.props.queue, messages: messages.map(packed) }),
    });
    if (!response.ok) throw new Error("Queue send failed: " + (await response.text()));
  }
  async send(body, options) {
    await this.#send([{ body, ...options }]);
  }
  async sendBatch(messages, options) {
    await this.#send([...messages].map((message) => ({ ...options, ...message })));
  }
}
export default { fetch: () => new Response(null, { status: 404 }) };`;

export function queuesWorker(queues: Queues): V4WorkerOptions {
  return {
    name: QUEUES_WORKER,
    modules: [{ type: "ESModule", path: "/queues.js", contents: PRODUCER }],
    modulesRoot: "/",
    compatibilityDate: "2026-01-01",
    serviceBindings: { CLOUD: (request: unknown) => queues.send(request as Request) },
  } as unknown as V4WorkerOptions;
}
