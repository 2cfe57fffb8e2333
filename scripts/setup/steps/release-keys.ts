import { mask } from "../../secrets/redaction.ts";
import { publicHalf, signingKeys } from "../../secrets/signing-keys.ts";
import { EXAMPLE } from "../../template.ts";
import { secretPlace } from "../secret-places.ts";
import { signingKey } from "../sources.ts";
import { openStackFile } from "../stack-files.ts";
import type { Action, Step } from "../step.ts";

const VARIABLE = "RELEASE_SIGNING_KEY";

export const releaseKeysStep: Step = {
  name: "release-keys",
  title: "The key that each stack's servers believe",
  purpose:
    "Servers run only what RELEASE_SIGNING_KEY has signed. Its public half is in the stack's file, and from there in the servers.",
  async find(bench) {
    const place = await secretPlace(bench);
    const perStack = bench.project.stacks.map(async (stack): Promise<Action[]> => {
      const kept = await place.read(stack, "deploy");
      const file = openStackFile(bench, stack);
      const trusted = file.get("releaseKey");
      const write = (key: string) => {
        const fresh = openStackFile(bench, stack);
        fresh.set("releaseKey", publicHalf(key));
        fresh.save();
      };
      const known = kept.values?.[VARIABLE];
      if (known !== undefined)
        return signingKeys(known).map(publicHalf).includes(String(trusted))
          ? []
          : [
              {
                tells: `write into ${file.name}: releaseKey, the public half of ${VARIABLE}`,
                do: async () => write(known),
              },
            ];
      // A place that does not give its secrets back: while the example's key stands, nobody can have signed for these servers.
      if (!kept.names.includes(VARIABLE) || trusted !== EXAMPLE.releaseKey) return [];
      return [
        {
          tells: `make a ${VARIABLE} for ${kept.place} and write its public half into ${file.name}`,
          async do() {
            const key = signingKey();
            mask(key);
            await place.write(stack, "deploy", VARIABLE, key);
            write(key);
          },
        },
      ];
    });
    return (await Promise.all(perStack)).flat();
  },
};
