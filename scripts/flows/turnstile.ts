import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";
import type { Secrets } from "../secrets/open.ts";
import type { StackTarget } from "../stack/target.ts";
import type { OpenedStack } from "./environment.ts";

const Announced = z.looseObject({ turnstileSiteKey: z.string().optional() });

/**
 * Refuses a deployment with one half of a Turnstile widget, before anything is touched: with the secret alone the intake
 * would refuse what the form sends, with the site key alone visitors would be asked for nothing's sake.
 *
 * @param outputs those of the preview, of whatever shape
 * @throws UserError `turnstile-half`
 */
export function assertTurnstile(
  {
    name,
    file,
    target: { project },
    secrets,
  }: Pick<OpenedStack, "name" | "file"> & {
    target: Pick<StackTarget, "project">;
    secrets: Pick<Secrets, "get">;
  },
  outputs: unknown,
): void {
  const announced = Announced.safeParse(outputs);
  if (!announced.success) return;
  const [site, intake] = [announced.data.turnstileSiteKey, secrets.get("INTAKE_TURNSTILE_SECRET")];
  if ((site === undefined) === (intake === undefined)) return;
  throw new UserError(
    "turnstile-half",
    site === undefined
      ? `INTAKE_TURNSTILE_SECRET is set for ${name}, but its forms have no widget: the intake would refuse everybody.`
      : `The forms of ${name} have Turnstile's widget, but the intake has no INTAKE_TURNSTILE_SECRET to ask with.`,
    site === undefined
      ? `Put the same widget's site key into ${file} as ${project}:turnstileSiteKey, or take the secret out of ESC.`
      : `Put the same widget's secret key into ESC, or take ${project}:turnstileSiteKey out of ${file}.`,
    EXIT.stopped,
  );
}
