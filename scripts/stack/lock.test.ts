import { expect, test } from "vitest";
import { locksNamedIn } from "./lock.ts";

test("The engine's words about a lock are read: where it is, whose, since when", () => {
  const text = `error: the stack is currently locked by 2 lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.
  file:///state/.pulumi/locks/organization/quayside/dev/1.json: created by runner@fv-az1 (pid 42) at 2026-11-20T12:00:00Z
  s3://bucket/.pulumi/locks/organization/quayside/dev/2.json?region=auto: created by DOMAIN\\kim@desk (pid 7) at 2026-11-20T14:00:00+02:00
`;
  expect(locksNamedIn(text)).toEqual([
    {
      url: "file:///state/.pulumi/locks/organization/quayside/dev/1.json",
      user: "runner",
      host: "fv-az1",
      pid: 42,
      at: "2026-11-20T12:00:00Z",
    },
    expect.objectContaining({ user: "DOMAIN\\kim", host: "desk", pid: 7, at: "2026-11-20T14:00:00+02:00" }),
  ]);
  expect(locksNamedIn("error: [409] Conflict: Another update is currently in progress.")).toEqual([]);
});
