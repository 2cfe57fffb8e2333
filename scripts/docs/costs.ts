import { dirname } from "node:path";
import { readCatalogue } from "../providers/hetzner.ts";
import { readProject } from "../stack/stacks.ts";
import { costTable } from "./cost-table.ts";

/* Prints the table of docs/costs.md by Hetzner's price list of this hour. Any token of a project will do, a read token is enough. */
const { HCLOUD_TOKEN, HCLOUD_ENDPOINT } = process.env;
if (HCLOUD_TOKEN) {
  const catalogue = await readCatalogue(HCLOUD_TOKEN, new Date(), [], HCLOUD_ENDPOINT);
  console.log(
    `${costTable(readProject(dirname(dirname(import.meta.dirname))), catalogue)}\n\n${catalogue.source}`,
  );
} else {
  console.error("Set HCLOUD_TOKEN to an API token of a project at Hetzner; one that only reads is enough.");
  process.exitCode = 2;
}
