import type { Context } from "hono";
import { z } from "zod";
import type { Blobs } from "../../blobs.ts";
import { ApiError } from "../../envelope.ts";
import type { WorkerModule } from "../../model.ts";

const Binding = z.looseObject({ type: z.string(), name: z.string() });
const Step = z.looseObject({
  new_classes: z.array(z.string()).nullish(),
  new_sqlite_classes: z.array(z.string()).nullish(),
  deleted_classes: z.array(z.string()).nullish(),
  renamed_classes: z.array(z.object({ from: z.string(), to: z.string() })).nullish(),
});
const Migrations = z.looseObject({
  old_tag: z.string().nullish(),
  new_tag: z.string().nullish(),
  steps: z.array(Step).nullish(),
  ...Step.shape,
});
export type Migrations = z.infer<typeof Migrations>;

/** The `metadata` part of a script upload (https://developers.cloudflare.com/workers/configuration/multipart-upload-metadata/). */
const Metadata = z.looseObject({
  main_module: z.string().optional(),
  body_part: z.string().optional(),
  bindings: z.array(Binding).default([]),
  keep_bindings: z.array(z.string()).default([]),
  compatibility_date: z.string().optional(),
  compatibility_flags: z.array(z.string()).default([]),
  migrations: Migrations.optional(),
  annotations: z.record(z.string(), z.string()).nullish(),
  tags: z.array(z.string()).nullish(),
  observability: z.unknown().optional(),
  logpush: z.boolean().optional(),
  tail_consumers: z.unknown().optional(),
  assets: z
    .looseObject({ jwt: z.string().optional(), config: z.record(z.string(), z.unknown()).optional() })
    .optional(),
  keep_assets: z.boolean().optional(),
});
export type Metadata = z.infer<typeof Metadata>;

export interface Upload {
  metadata: Metadata;
  mainModule: string;
  modules: WorkerModule[];
}

const MODULE_TYPES: Record<string, string> = {
  "application/javascript+module": "ESModule",
  "text/javascript+module": "ESModule",
  "application/javascript": "CommonJS",
  "text/javascript": "CommonJS",
  "text/plain": "Text",
  "application/octet-stream": "Data",
  "application/wasm": "CompiledWasm",
  "text/html": "Text",
  "application/json": "Text",
};

/** Reads a multipart upload and keeps its modules as blobs. */
export async function readUpload(c: Context, blobs: Blobs): Promise<Upload> {
  const form = await c.req.formData().catch(() => {
    throw new ApiError(
      400,
      10001,
      "Content-Type must be one of: application/javascript, multipart/form-data.",
    );
  });
  const part = form.get("metadata");
  if (part === null) throw new ApiError(400, 10002, "Metadata part is required.");
  const text = typeof part === "string" ? part : await part.text();
  const parsed = Metadata.safeParse(safeJson(text));
  if (!parsed.success)
    throw new ApiError(400, 10013, `Could not parse metadata: ${parsed.error.issues[0]?.message}`);
  const metadata = parsed.data;
  const mainModule = metadata.main_module ?? metadata.body_part;
  if (mainModule === undefined)
    throw new ApiError(400, 10021, "Uncaught Error: No main module or body part was given.");
  const modules: WorkerModule[] = [];
  for (const [name, value] of form.entries()) {
    if (name === "metadata") continue;
    const file = typeof value === "string" ? new Blob([value], { type: "text/plain" }) : value;
    const mime = file.type.split(";")[0]?.trim() ?? "";
    if (mime === "application/source-map") continue;
    const type = metadata.body_part === name ? "ServiceWorker" : MODULE_TYPES[mime];
    if (type === undefined)
      throw new ApiError(400, 10021, `Uncaught Error: Unexpected content type ${mime} of module ${name}.`);
    modules.push({ name, type, blob: blobs.put(new Uint8Array(await file.arrayBuffer())) });
  }
  if (!modules.some((module) => module.name === mainModule))
    throw new ApiError(400, 10021, `Uncaught Error: No such module "${mainModule}".`);
  return { metadata, mainModule, modules };
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
