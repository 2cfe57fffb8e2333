import type { Hono } from "hono";
import { images, locations, pricing, serverTypes } from "./catalogue.ts";
import { HetznerError, notFound } from "./error.ts";
import { listResponse } from "./listing.ts";
import { pathId } from "./request.ts";

/** What Hetzner offers: locations, server types, images and prices. All read-only. */
export function catalogueRoutes(api: Hono): void {
  api.get("/locations", (c) => listResponse(c, "locations", [...locations], (each) => each));
  api.get("/locations/:id", (c) => c.json({ location: find(locations, "location", pathId(c)) }));
  api.get("/server_types", (c) => listResponse(c, "server_types", [...serverTypes], (each) => each));
  api.get("/server_types/:id", (c) => c.json({ server_type: find(serverTypes, "server type", pathId(c)) }));
  api.get("/images", (c) => {
    const by = { type: c.req.queries("type"), architecture: c.req.queries("architecture") };
    const listed = images.filter(
      (image) =>
        (by.type?.includes(image.type) ?? true) && (by.architecture?.includes(image.architecture) ?? true),
    );
    return listResponse(c, "images", listed, (each) => each);
  });
  api.get("/images/:id", (c) => c.json({ image: find(images, "image", pathId(c)) }));
  api.get("/pricing", (c) => c.json({ pricing }));
  for (const path of ["/datacenters", "/datacenters/:id"])
    api.get(path, () => {
      // Gone since 1 October 2026; server types name their locations themselves.
      throw new HetznerError("deprecated_api_endpoint", "the datacenters endpoints were removed", {
        announcement: "https://docs.hetzner.cloud/changelog#2026-06-02-datacenters-deprecated",
      });
    });
}

function find<T extends { id: number }>(all: T[], word: string, id: number): T {
  const found = all.find((each) => each.id === id);
  if (found === undefined) throw notFound(word, id);
  return found;
}
