import { abortAllDurableObjects, reset } from "cloudflare:test";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { backend } from "../../test/backend.ts";
import { aMessage, holdTheClock, pass, post } from "../../test/intake.ts";

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("post" as const), sender: fc.integer({ min: 0, max: 3 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: 400_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("trouble" as const),
      status: fc.constantFrom(429, 500, 503),
      times: fc.integer({ min: 1, max: 5 }),
    }),
  },
  // The objects die while deliveries are on their way.
  { weight: 2, arbitrary: fc.record({ do: fc.constant("kill" as const) }) },
);

it("whatever happens to objects and backend, each accepted message arrives, in order a sender", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 20 }), async (steps) => {
      holdTheClock();
      const accepted: { sender: string; id: string }[] = [];
      for (const now of steps) {
        if (now.do === "post") {
          const sender = `s${now.sender}@example.org`;
          const response = await post({ ...aMessage, email: sender });
          expect(response.status).toBe(202);
          accepted.push({ sender, id: (await response.json<{ id: string }>()).id });
        }
        if (now.do === "pass") await pass(now.ms);
        if (now.do === "trouble") await backend.answers({ status: now.status, times: now.times });
        if (now.do === "kill") {
          const ringing = pass(0).catch(() => {});
          await abortAllDurableObjects();
          await ringing;
        }
      }
      await backend.answers();
      for (let round = 0; round < 8; round++) await pass(310_000);

      const received = await backend.received();
      for (const sender of new Set(accepted.map((message) => message.sender))) {
        const sent = accepted.filter((message) => message.sender === sender).map((message) => message.id);
        const arrived = received
          .filter((request) => request.status === 201)
          .map((request) => JSON.parse(request.body) as { id: string; message: { email: string } })
          .filter((body) => body.message.email === sender)
          .map((body) => body.id);
        // At least once, so repeated ids fall together: as the receiver does it by the idempotency key.
        expect([...new Set(arrived)]).toEqual(sent);
      }
      vi.useRealTimers();
      await reset();
      await backend.reset();
    }),
    { numRuns: 12, seed: 20261123 },
  );
});
