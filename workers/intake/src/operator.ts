import * as z from "zod/mini";
import type { Env } from "./env.ts";
import { allOutboxes } from "./outbox/shard.ts";
import { Problem } from "./problem.ts";

/** Dead letters of one outbox that one answer has at most. */
const PAGE = 100;
const MOST_BYTES = 65_536;

const Ids = z.object({ ids: z.array(z.uuid()).check(z.minLength(1), z.maxLength(1000)) });

/**
 * `GET /intake/dead-letters`: the parked messages, those that were parked first first, without what is in them.
 * `total` may be more than the list has.
 *
 * This and the calls below are opened by `Authorization: Bearer <INTAKE_OPERATOR_KEY>`.
 *
 * @throws Problem 401 or 404; 404 for everything when no operator key is set
 */
export async function listDeadLetters(request: Request, env: Env): Promise<Response> {
  await admit(request, env);
  const lists = await Promise.all(
    allOutboxes(env).map(async ({ stub }) => {
      const [letters, { parked }] = await Promise.all([stub.deadLetters(PAGE), stub.state()]);
      return { letters, parked };
    }),
  );
  const deadLetters = lists
    .flatMap(({ letters }) => letters)
    .sort((a, b) => a.parkedAt - b.parkedAt)
    .map(({ receivedAt, parkedAt, ...rest }) => ({
      ...rest,
      receivedAt: new Date(receivedAt).toISOString(),
      parkedAt: new Date(parkedAt).toISOString(),
    }));
  return answer({ deadLetters, total: lists.reduce((sum, { parked }) => sum + parked, 0) });
}

/** `GET /intake/dead-letters/<id>`: what is in one of them, as it would be delivered. See {@link listDeadLetters}. */
export async function showDeadLetter(request: Request, env: Env, id: string): Promise<Response> {
  await admit(request, env);
  const bodies = await Promise.all(allOutboxes(env).map(({ stub }) => stub.deadLetterBody(id)));
  const body = bodies.find((each) => each !== undefined);
  if (body === undefined) throw new Problem("no-such-dead-letter", "No dead letter has this id.");
  return answer(JSON.parse(body));
}

/** `POST /intake/dead-letters/replay` with `{"ids": [...]}`: `{done, missing}`. See {@link listDeadLetters}. */
export async function replayDeadLetters(request: Request, env: Env): Promise<Response> {
  await admit(request, env);
  const ids = await readIds(request);
  return onAll(ids, await Promise.all(allOutboxes(env).map(({ stub }) => stub.replay(ids))));
}

/** `POST /intake/dead-letters/purge` with `{"ids": [...]}`: `{done, missing}`. See {@link listDeadLetters}. */
export async function purgeDeadLetters(request: Request, env: Env): Promise<Response> {
  await admit(request, env);
  const ids = await readIds(request);
  return onAll(ids, await Promise.all(allOutboxes(env).map(({ stub }) => stub.purge(ids))));
}

function onAll(ids: string[], found: string[][]): Response {
  const done = new Set(found.flat());
  return answer({ done: [...done], missing: ids.filter((id) => !done.has(id)) });
}

function answer(body: unknown): Response {
  return Response.json(body, { headers: { "cache-control": "no-store" } });
}

/** @throws Problem 400 or 413 */
async function readIds(request: Request): Promise<string[]> {
  const text = await request.text();
  if (text.length > MOST_BYTES) throw new Problem("too-large", "Send a thousand ids at most.");
  try {
    return Ids.parse(JSON.parse(text)).ids;
  } catch {
    throw new Problem("malformed-json", 'Send {"ids": [...]} with one to a thousand ids.');
  }
}

async function admit(request: Request, env: Env): Promise<void> {
  if (!env.INTAKE_OPERATOR_KEY) throw new Problem("not-found", "There is nothing here.");
  const given = request.headers.get("authorization") ?? "";
  // Hashes have one length, as the comparison in constant time wants it.
  const [a, b] = await Promise.all(
    [given, `Bearer ${env.INTAKE_OPERATOR_KEY}`].map((text) =>
      crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)),
    ),
  );
  if (!a || !b || !crypto.subtle.timingSafeEqual(a, b))
    throw new Problem("not-authorised", "The operator key is missing or wrong.", {
      headers: { "www-authenticate": "Bearer" },
    });
}
