import type { Env } from "./env.ts";
import { allOutboxes } from "./outbox/shard.ts";
import { Problem } from "./problem.ts";

const PAGE = 100;

/**
 * The operator's calls on dead letters, opened by `Authorization: Bearer <INTAKE_OPERATOR_KEY>`:
 * `GET /intake/dead-letters`, `POST /intake/dead-letters/<id>/replay`, `DELETE /intake/dead-letters/<id>`.
 *
 * @throws Problem 401 or 404; 404 for everything when no operator key is set
 */
export async function listDeadLetters(request: Request, env: Env): Promise<Response> {
  await admit(request, env);
  const lists = await Promise.all(allOutboxes(env).map(({ stub }) => stub.deadLetters(PAGE)));
  const letters = lists.flat().sort((a, b) => a.parkedAt - b.parkedAt);
  return Response.json(
    {
      deadLetters: letters.map(({ body, receivedAt, parkedAt, ...rest }) => ({
        ...rest,
        receivedAt: new Date(receivedAt).toISOString(),
        parkedAt: new Date(parkedAt).toISOString(),
        payload: JSON.parse(body) as unknown,
      })),
    },
    { headers: { "cache-control": "no-store" } },
  );
}

/** See {@link listDeadLetters}. */
export async function replayDeadLetter(request: Request, env: Env, id: string): Promise<Response> {
  await admit(request, env);
  return onDeadLetter(await Promise.all(allOutboxes(env).map(({ stub }) => stub.replay(id))));
}

/** See {@link listDeadLetters}. */
export async function purgeDeadLetter(request: Request, env: Env, id: string): Promise<Response> {
  await admit(request, env);
  return onDeadLetter(await Promise.all(allOutboxes(env).map(({ stub }) => stub.purge(id))));
}

function onDeadLetter(found: boolean[]): Response {
  if (!found.includes(true)) throw new Problem(404, "no-such-dead-letter", "No dead letter has this id.");
  return new Response(null, { status: 204 });
}

async function admit(request: Request, env: Env): Promise<void> {
  if (!env.INTAKE_OPERATOR_KEY) throw new Problem(404, "not-found", "There is nothing here.");
  const given = request.headers.get("authorization") ?? "";
  // Hashes have one length, as the comparison in constant time wants it.
  const [a, b] = await Promise.all(
    [given, `Bearer ${env.INTAKE_OPERATOR_KEY}`].map((text) =>
      crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)),
    ),
  );
  if (!a || !b || !crypto.subtle.timingSafeEqual(a, b))
    throw new Problem(401, "not-authorised", "The operator key is missing or wrong.", {
      headers: { "www-authenticate": "Bearer" },
    });
}
