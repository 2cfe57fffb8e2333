import { parse, parseDocument } from "yaml";
import { z } from "zod";
import { ProviderRefusal, type RestApi } from "../../providers/rest.ts";
import { mask } from "../../secrets/redaction.ts";
import type { Kept, SecretPlace, Use } from "../secret-places.ts";

const Definition = z
  .looseObject({
    values: z
      .looseObject({
        environmentVariables: z.record(z.string(), z.unknown()).nullish(),
        pending: z.record(z.string(), z.unknown()).nullish(),
      })
      .nullish(),
  })
  .nullish();
const Secret = z.object({ "fn::secret": z.coerce.string() });

/** YAML that happens to be JSON was read as that already; an empty one is no text at all. */
const Text = z.unknown().transform((body) => (typeof body === "string" ? body : JSON.stringify(body ?? {})));

/** The name of a stack's environment in ESC: its own for what writes, a twin for what only reads. */
export function environmentName(stack: string, use: Use): string {
  return use === "preview" ? `${stack}-preview` : stack;
}

/** Pulumi ESC: the environments `<project>/<stack>` and `<project>/<stack>-preview`. */
export function escPlace(api: RestApi, organization: string, project: string): SecretPlace {
  const pathOf = (stack: string, use: Use) =>
    `/esc/environments/${organization}/${project}/${environmentName(stack, use)}`;

  /** The definition with its secrets in clear; undefined where there is no such environment. */
  async function definition(stack: string, use: Use): Promise<string | undefined> {
    return api.find(`${pathOf(stack, use)}/decrypt`, Text);
  }

  return {
    async read(stack, use): Promise<Kept> {
      const text = await definition(stack, use);
      const place = `the ESC environment ${organization}/${project}/${environmentName(stack, use)}`;
      if (text === undefined) return { place, exists: false, names: [], values: {} };
      const variables = Definition.parse(parse(text))?.values?.environmentVariables ?? {};
      const values = Object.fromEntries(
        Object.entries(variables).flatMap(([name, value]) => {
          const secret = Secret.safeParse(value).data?.["fn::secret"];
          if (secret !== undefined) mask(secret);
          const plain = secret ?? (typeof value === "string" ? value : undefined);
          return plain === undefined ? [] : [[name, plain]];
        }),
      );
      return { place, exists: true, names: Object.keys(variables), values };
    },
    async make(stack, use) {
      const name = environmentName(stack, use);
      const answer = await api.ask("POST", `/esc/environments/${organization}`, { project, name });
      // Somebody was quicker, or the answer to an earlier call was lost.
      if (answer.status === 409 && (await definition(stack, use)) !== undefined) return;
      if (answer.status !== 200)
        throw new ProviderRefusal(api.service, { method: "POST", path: pathOf(stack, use), ...answer });
    },
    async write(stack, use, name, value) {
      // Everything else that is in the environment stays: imports, comments, what others have put there.
      const document = parseDocument((await definition(stack, use)) ?? "");
      document.setIn(["values", "environmentVariables", name], { "fn::secret": value });
      await api.call("PATCH", pathOf(stack, use), z.unknown(), document.toString());
    },
    // Beside the variables, so that whoever opens the environment gets no variable of it.
    pending: {
      async read(stack, name) {
        const text = (await definition(stack, "deploy")) ?? "";
        const kept = Secret.safeParse(Definition.parse(parse(text))?.values?.pending?.[name]);
        if (kept.success) mask(kept.data["fn::secret"]);
        return kept.data?.["fn::secret"];
      },
      async write(stack, name, value) {
        const document = parseDocument((await definition(stack, "deploy")) ?? "");
        if (value === undefined) document.deleteIn(["values", "pending"]);
        else document.setIn(["values", "pending", name], { "fn::secret": value });
        await api.call("PATCH", pathOf(stack, "deploy"), z.unknown(), document.toString());
      },
    },
    async remove(stack, use) {
      const answer = await api.ask("DELETE", pathOf(stack, use));
      if (answer.status !== 200 && answer.status !== 204 && answer.status !== 404)
        throw new ProviderRefusal(api.service, { method: "DELETE", path: pathOf(stack, use), ...answer });
    },
  };
}
