import fc from "fast-check";
import { expect, it } from "vitest";
import { view as views } from "./fixtures/arbitrary.ts";
import { renderPlain } from "./plain.ts";

it("gives the terminal and the runner nothing to obey, whatever the values are", () => {
  fc.assert(
    fc.property(views, (view) => {
      const text = renderPlain(view, { color: false });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      expect(text).not.toMatch(/^\s*::|##\[/m);
      expect(text.endsWith("\n")).toBe(true);
    }),
    { numRuns: 100 },
  );
});

it("has a line a stack, then hazards with what to do, then the steps", () => {
  const text = renderPlain(
    {
      commit: "abc",
      at: "2026-11-23T14:03:00Z",
      stacks: [
        {
          stack: "dev",
          durationMs: 3_100,
          hazards: [
            {
              rule: "replace-server",
              urn: "urn:x",
              resource: "app-1",
              severity: "outage",
              what: "Replaces the server.",
              avoid: "Roll a second one out first.",
            },
          ],
          cost: { lines: [], beforeCents: 599, afterCents: 718, source: "" },
          change: {
            schema: 1,
            stack: "dev",
            unchanged: 4,
            outputs: [],
            diagnostics: [],
            steps: [
              {
                urn: "urn:x",
                type: "hcloud:index/server:Server",
                name: "app-1",
                operation: "replace",
                dependencies: [],
                protected: false,
                replaceKeys: ["userData"],
                diffs: [{ path: "userData", kind: "change", replaces: true, before: "a", after: "b" }],
              },
            ],
          },
        },
      ],
    },
    { color: false },
  );
  expect(text).toBe(
    [
      "dev  needs approval  1 to replace, 4 unchanged; $5.99 → $7.18 a month; 3.1 s",
      "",
      "dev",
      "  ! replace-server app-1: Replaces the server.",
      "    instead: Roll a second one out first.",
      "    to allow it: label allow:replace-server:app-1",
      '  ± replace  app-1  hcloud Server  userData: "a" → "b"',
      "",
    ].join("\n"),
  );
});
