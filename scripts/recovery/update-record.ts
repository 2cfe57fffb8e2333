import { z } from "zod";

/**
 * Who updates a stack, written down before the engine starts and taken away when it has ended in order. The engine's own lock
 * says user, host and pid; this ties those to a workflow run, and tells the next update that what it finds may be half done.
 */
export const UpdateRecord = z.object({
  schema: z.literal(1),
  kind: z.literal("update"),
  stack: z.string(),
  sha: z.string(),
  actor: z.string(),
  startedAt: z.iso.datetime(),
  process: z.object({
    host: z.string(),
    boot: z.string().optional(),
    pid: z.number(),
    start: z.string().optional(),
  }),
  run: z.object({ id: z.number(), attempt: z.number(), url: z.string() }).optional(),
});
export type UpdateRecord = z.infer<typeof UpdateRecord>;

/** An update that has not ended in order. */
export interface OpenUpdate {
  /** By which its store finds it. */
  key: string;
  record: UpdateRecord;
  /** Its pipeline said itself that it failed, so that it surely holds nothing any more. */
  failed: boolean;
}

/** Where updates are written down. */
export interface UpdateRecords {
  /** The updates of a stack that began and did not end in order, newest first. */
  open(stack: string): Promise<OpenUpdate[]>;
  /** @returns the record's key */
  begin(record: UpdateRecord): Promise<string>;
  /** It ended with an error: nobody holds anything any more, and what it did is to be looked at. */
  fail(key: string): Promise<void>;
  /** It ended in order, or what it left is mended. */
  close(key: string): Promise<void>;
  /** Takes away what {@link close} was killed over. */
  tidy(stack: string): Promise<void>;
}
