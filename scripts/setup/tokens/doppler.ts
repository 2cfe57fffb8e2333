import { z } from "zod";
import type { RestApi } from "../../providers/rest.ts";
import type { Finding } from "../question.ts";

const Me = z.object({ type: z.string() });

/** Whether a token of Doppler can make projects: a service token knows one config only. */
export async function inspectDopplerToken(api: RestApi): Promise<Finding[]> {
  const answer = await api.ask("GET", "/me");
  if (answer.status === 401)
    return [
      { wrong: true, text: "Doppler does not know this token: it is mistyped, has expired or was revoked." },
    ];
  if (answer.status !== 200)
    return [{ wrong: true, text: `Doppler answered ${answer.status} to it: ${answer.message}` }];
  const { type } = Me.parse(answer.body);
  if (type === "service_token")
    return [
      {
        wrong: true,
        text: "It is a service token, which knows one config only. The set-up makes those itself, with a personal token or one of a service account.",
      },
    ];
  return type === "personal"
    ? [
        {
          wrong: false,
          text: "It may do what you may. It is used now and kept nowhere: revoke it afterwards.",
        },
      ]
    : [];
}
