import type { Hono } from "hono";
import { z } from "zod";
import { ApiError, body, ok, page, param } from "../envelope.ts";
import { hexId } from "../ids.ts";
import type { Queue, QueueConsumer } from "../model.ts";
import type { CloudState } from "../state.ts";

const Settings = z
  .object({
    delivery_delay: z.number(),
    delivery_paused: z.boolean(),
    message_retention_period: z.number(),
  })
  .partial();
const Consumer = z.object({
  type: z.string().default("worker"),
  script_name: z.string().optional(),
  dead_letter_queue: z.string().nullish(),
  settings: z
    .object({
      batch_size: z.number().nullish(),
      max_retries: z.number().nullish(),
      max_wait_time_ms: z.number().nullish(),
      retry_delay: z.number().nullish(),
    })
    .nullish(),
});

/** Queues and their consumers (https://developers.cloudflare.com/api/resources/queues/). */
export function queues(api: Hono, state: CloudState): void {
  const base = "/accounts/:account/queues";
  const found = (id: string): Queue => {
    const queue = state.queues.get(id);
    if (!queue) throw new ApiError(404, 11000, `queue not found`);
    return queue;
  };
  const consumersOf = (queue: Queue) =>
    state.consumers.list().filter((consumer) => consumer.queue_id === queue.queue_id);
  const shownConsumer = (consumer: QueueConsumer) => ({
    ...consumer,
    script: consumer.script_name,
    service: consumer.script_name,
    environment: "production",
    queue_name: state.queues.get(consumer.queue_id)?.queue_name,
  });
  const shown = (queue: Queue) => {
    const producers = state.scripts.list().flatMap((script) => {
      const active = state.deployments(script.name).list().at(-1);
      const version = active && state.versions(script.name).get(active.versions[0]?.version_id ?? "");
      return version?.bindings.some((b) => b.type === "queue" && b.queue_name === queue.queue_name)
        ? [{ type: "worker", script: script.name, service: script.name, environment: "production" }]
        : [];
    });
    const consumers = consumersOf(queue).map(shownConsumer);
    return {
      ...queue,
      producers,
      producers_total_count: producers.length,
      consumers,
      consumers_total_count: consumers.length,
    };
  };
  const unique = (name: string, except?: string) => {
    if (state.queues.list().some((other) => other.queue_name === name && other.queue_id !== except))
      throw new ApiError(
        409,
        11009,
        `Queue name '${name}' is already taken. Please use a different name and try again.`,
      );
  };

  api.get(base, (c) => {
    const names = c.req.queries("name");
    return page(
      c,
      state.queues
        .list()
        .filter((queue) => !names?.length || names.includes(queue.queue_name))
        .map(shown),
      100,
    );
  });
  api.post(base, async (c) => {
    const input = await body(
      c,
      z.object({ queue_name: z.string().min(1), settings: Settings.nullish() }),
      11003,
    );
    unique(input.queue_name);
    const queue_id = hexId();
    const queue = state.queues.put(queue_id, {
      queue_id,
      queue_name: input.queue_name,
      created_on: state.timestamp(),
      modified_on: state.timestamp(),
      settings: {
        delivery_delay: 0,
        delivery_paused: false,
        message_retention_period: 345600,
        ...input.settings,
      },
    });
    state.workersChanged();
    return ok(c, shown(queue));
  });
  api.get(`${base}/:id`, (c) => ok(c, shown(found(param(c, "id")))));
  for (const method of ["PUT", "PATCH"])
    api.on(method, `${base}/:id`, async (c) => {
      const queue = found(param(c, "id"));
      const input = await body(
        c,
        z.object({ queue_name: z.string().optional(), settings: Settings.nullish() }),
        11003,
      );
      const queue_name = input.queue_name ?? queue.queue_name;
      unique(queue_name, queue.queue_id);
      return ok(
        c,
        shown(
          state.queues.put(queue.queue_id, {
            ...queue,
            queue_name,
            settings: { ...queue.settings, ...input.settings },
            modified_on: state.timestamp(),
          }),
        ),
      );
    });
  api.delete(`${base}/:id`, (c) => {
    const queue = found(param(c, "id"));
    if (consumersOf(queue).length > 0)
      throw new ApiError(400, 11005, "Cannot delete queue because it still has consumers.");
    state.queues.delete(queue.queue_id);
    state.workersChanged();
    return ok(c, null);
  });

  const configured = (
    queue: Queue,
    input: z.infer<typeof Consumer>,
    before?: QueueConsumer,
  ): QueueConsumer => {
    const script = input.script_name ?? before?.script_name ?? "";
    if (input.type === "worker" && !state.scripts.get(script))
      throw new ApiError(400, 11004, `Worker '${script}' does not exist.`);
    const consumer_id = before?.consumer_id ?? hexId();
    const consumer = state.consumers.put(consumer_id, {
      consumer_id,
      queue_id: queue.queue_id,
      type: input.type,
      script_name: script,
      ...(input.dead_letter_queue ? { dead_letter_queue: input.dead_letter_queue } : {}),
      created_on: before?.created_on ?? state.timestamp(),
      settings: {
        batch_size: input.settings?.batch_size ?? 10,
        max_retries: input.settings?.max_retries ?? 3,
        max_wait_time_ms: input.settings?.max_wait_time_ms ?? 5000,
        retry_delay: input.settings?.retry_delay ?? 0,
      },
    });
    state.workersChanged();
    return consumer;
  };
  const consumerOf = (queue: Queue, id: string): QueueConsumer => {
    const consumer = consumersOf(queue).find((one) => one.consumer_id === id || one.script_name === id);
    if (!consumer) throw new ApiError(404, 11100, "consumer not found");
    return consumer;
  };
  api.get(`${base}/:id/consumers`, (c) =>
    page(c, consumersOf(found(param(c, "id"))).map(shownConsumer), 100),
  );
  api.post(`${base}/:id/consumers`, async (c) => {
    const queue = found(param(c, "id"));
    const input = await body(c, Consumer, 11003);
    if (consumersOf(queue).length > 0)
      throw new ApiError(400, 11004, `Queue '${queue.queue_name}' already has a consumer.`);
    return ok(c, shownConsumer(configured(queue, input)));
  });
  api.get(`${base}/:id/consumers/:consumer`, (c) =>
    ok(c, shownConsumer(consumerOf(found(param(c, "id")), param(c, "consumer")))),
  );
  api.put(`${base}/:id/consumers/:consumer`, async (c) => {
    const queue = found(param(c, "id"));
    const before = consumerOf(queue, param(c, "consumer"));
    return ok(c, shownConsumer(configured(queue, await body(c, Consumer, 11003), before)));
  });
  api.delete(`${base}/:id/consumers/:consumer`, (c) => {
    state.consumers.delete(consumerOf(found(param(c, "id")), param(c, "consumer")).consumer_id);
    state.workersChanged();
    return ok(c, null);
  });
}
