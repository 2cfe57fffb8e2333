import type { RestApi } from "../../providers/rest.ts";
import type { Finding } from "../question.ts";

/** Whether Neon knows an API key. A key may do what its owner may; there is none that only reads. */
export async function inspectNeonKey(api: RestApi): Promise<Finding[]> {
  const { status, message } = await api.ask("GET", "/projects?limit=1");
  if (status === 200) return [];
  if (status === 401)
    return [{ wrong: true, text: "Neon does not know this key: it is mistyped, or was revoked." }];
  return [{ wrong: true, text: `Neon answered ${status} to it: ${message}` }];
}
