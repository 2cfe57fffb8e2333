import { z } from "zod";
import { ProviderRefusal } from "../../providers/rest.ts";
import { mask } from "../../secrets/redaction.ts";
import { clients } from "../clients.ts";
import { EDGE } from "../questions/edge-preview.ts";
import { neonKey } from "../questions/neon.ts";
import { secretPlace } from "../secret-places.ts";
import type { Step } from "../step.ts";
import { databaseProject, neonProject, projectName } from "./neon.ts";

/** Whose data pull requests may copy. */
const STACK = "dev";
const Organizations = z.object({ organizations: z.array(z.object({ id: z.string() })) });
const Project = z.object({ project: z.object({ org_id: z.string().optional() }) });
const Key = z.object({ key: z.string() });

export const databasePreviewStep: Step = {
  name: "database-preview",
  title: "Database branches of pull requests",
  purpose:
    "The label database gives a pull request a branch of dev's data, by a key that is limited to dev's project at Neon: whoever opens a pull request can do there what the key may.",
  async find(bench) {
    const owners = await bench.ask(neonKey);
    if (owners === "" || !bench.project.stacks.includes(STACK)) return [];
    const api = clients.neon(bench, owners);
    const place = await secretPlace(bench);
    const kept = await place.read(EDGE, "preview");
    const [known, present] = await Promise.all([
      neonProject(api, projectName(bench, STACK)),
      databaseProject(api, bench, STACK),
    ]);
    // dev is a branch of prod's project, as an earlier set-up made it: pull requests get no key to that.
    if (present !== undefined && known === undefined) return [];
    const there = kept.values
      ? known !== undefined && kept.values.PREVIEW_NEON_PROJECT === known
      : kept.names.includes("PREVIEW_NEON_PROJECT");
    if (there) return [];
    return [
      {
        tells: `make a Neon key that is limited to ${projectName(bench, STACK)}, and put it into ${kept.place}`,
        async do() {
          const project = await neonProject(api, projectName(bench, STACK));
          if (project === undefined) throw new Error(`${projectName(bench, STACK)} is not there`);
          try {
            const { org_id } = (await api.call("GET", `/projects/${project}`, Project)).project;
            const { organizations } = await api.call("GET", "/users/me/organizations", Organizations);
            const organization = org_id ?? organizations[0]?.id ?? "";
            const { key } = await api.call("POST", `/organizations/${organization}/api_keys`, Key, {
              key_name: `${bench.project.name} pull requests`,
              project_id: project,
            });
            mask(key);
            await place.write(EDGE, "preview", "PREVIEW_NEON_API_KEY", key);
            await place.write(EDGE, "preview", "PREVIEW_NEON_PROJECT", project);
          } catch (error) {
            // Only an organization's admin may make keys of it, and nothing else waits for this one.
            if (!(error instanceof ProviderRefusal) || error.status !== 403) throw error;
            bench.notes.add(`Neon lets this key make no other: ${error.message} ${error.fix}`);
          }
        },
      },
    ];
  },
};
