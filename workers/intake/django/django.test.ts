import { execa } from "execa";
import { expect, it } from "vitest";

const { exitCode } = await execa("python3", ["--version"], { reject: false });

// Python is what a Django team has, and what nobody else needs.
it.skipIf(exitCode !== 0)("Django's side of the intake takes each signed message once", async () => {
  const { all, exitCode } = await execa(
    "python3",
    ["-B", "-m", "unittest", "discover", "-t", ".", "-s", "tests"],
    { cwd: import.meta.dirname, all: true, reject: false },
  );
  expect(all).toMatch(/Ran \d{2,} tests[\s\S]*^OK/m);
  expect(exitCode).toBe(0);
});
