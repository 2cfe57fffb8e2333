import { z } from "zod";
import { allow } from "../auth.ts";
import { notFound, validationFailed } from "../errors.ts";
import type { Api, Hub, Repo } from "../hub.ts";
import { apiOf, webOf } from "../render.ts";
import { body, numberParam, page, type RequestContext, repoOf } from "../request.ts";

const Enforcement = z.enum(["active", "evaluate", "disabled"]);
const Ruleset = z.object({
  name: z.string().min(1),
  target: z.enum(["branch", "tag", "push"]).default("branch"),
  enforcement: Enforcement,
  bypass_actors: z.array(z.unknown()).default([]),
  conditions: z
    .object({ ref_name: z.object({ include: z.array(z.string()), exclude: z.array(z.string()) }) })
    .optional(),
  rules: z
    .array(z.looseObject({ type: z.string(), parameters: z.record(z.string(), z.unknown()).optional() }))
    .default([]),
});

interface KeptRuleset extends z.infer<typeof Ruleset> {
  id: number;
  createdAt: string;
  updatedAt: string;
}

/** Rulesets that protect branches and tags. https://docs.github.com/rest/repos/rules */
export function rulesetRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo/rulesets";
  const of = (repo: Repo) => hub.store.collection<KeptRuleset>(`${repo.fullName}/rulesets`);
  const found = (c: RequestContext) => {
    const ruleset = of(repoOf(hub, c)).get(numberParam(c, "id"));
    if (!ruleset) throw notFound();
    return ruleset;
  };
  const shown = (
    repo: Repo,
    { rules, conditions, bypass_actors, createdAt, updatedAt, ...rest }: KeptRuleset,
  ) => ({
    ...rest,
    source_type: "Repository",
    source: repo.fullName,
    node_id: `RRS_${rest.id}`,
    created_at: createdAt,
    updated_at: updatedAt,
    _links: {
      self: { href: `${apiOf(hub, repo)}/rulesets/${rest.id}` },
      html: { href: `${webOf(repo)}/rules/${rest.id}` },
    },
  });
  const whole = (repo: Repo, ruleset: KeptRuleset) => {
    const { rules, conditions, bypass_actors } = ruleset;
    return { ...shown(repo, ruleset), rules, conditions, bypass_actors };
  };
  api.get(base, allow("read", "metadata"), (c) => {
    const repo = repoOf(hub, c);
    const all = of(repo).list();
    return c.json(
      page(
        c,
        all.map((ruleset) => shown(repo, ruleset)),
      ),
    );
  });
  api.get(`${base}/:id`, allow("read", "metadata"), (c) => c.json(whole(repoOf(hub, c), found(c))));
  api.post(base, allow("write", "administration"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const asked = await body(c, Ruleset);
    if (
      of(repo)
        .list()
        .some(({ name }) => name === asked.name)
    )
      throw validationFailed("Name must be unique");
    const id = hub.store.next("ruleset", 4_000_001);
    const now = hub.instant();
    return c.json(whole(repo, of(repo).put(id, { ...asked, id, createdAt: now, updatedAt: now })), 201);
  });
  api.put(`${base}/:id`, allow("write", "administration"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const asked = await body(c, Ruleset.partial());
    const changes = Object.fromEntries(Object.entries(asked).filter(([key]) => key !== "bypass_actors"));
    const known = found(c);
    return c.json(whole(repo, of(repo).put(known.id, { ...known, ...changes, updatedAt: hub.instant() })));
  });
  api.delete(`${base}/:id`, allow("write", "administration"), (c) => {
    of(repoOf(hub, c)).delete(found(c).id);
    return c.body(null, 204);
  });
}
