import { mask } from "../../secrets/redaction.ts";
import { accountsOf, EDGE, EDGE_TOKEN, edgePreviewToken } from "../questions/edge-preview.ts";
import { secretPlace } from "../secret-places.ts";
import type { Action, Step } from "../step.ts";

export const edgePreviewStep: Step = {
  name: "edge-preview",
  title: "Previews of Workers and sites",
  purpose: "A second account at Cloudflare holds what pull requests try out, and nothing else.",
  async find(bench) {
    const place = await secretPlace(bench);
    const kept = await place.read(EDGE, "preview");
    // Made in any case: the previews' role names it, and a job that asks for it is told that it is empty.
    const make: Action[] = kept.exists
      ? []
      : [{ tells: `make ${kept.place}`, do: () => place.make(EDGE, "preview") }];
    const token = await bench.ask(edgePreviewToken);
    const there = kept.values ? kept.values[EDGE_TOKEN] === token : kept.names.includes(EDGE_TOKEN);
    if (token === "" || there) return make;
    return [
      ...make,
      {
        tells: `put into ${kept.place}: ${EDGE_TOKEN}, PREVIEW_CLOUDFLARE_ACCOUNT_ID`,
        async do() {
          mask(token);
          const [account] = await accountsOf(bench, token);
          await place.write(EDGE, "preview", "PREVIEW_CLOUDFLARE_ACCOUNT_ID", account?.id ?? "");
          await place.write(EDGE, "preview", EDGE_TOKEN, token);
        },
      },
    ];
  },
};
