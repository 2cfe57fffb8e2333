/**
 * A process that takes a lock, says so in a log, and holds it until a gate opens.
 *
 *   node hold-lock.mjs <lock file> <log> <name> [gate file] [--with-worker]
 */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { takeLock } from "../lock.mjs";

const [file = "", log = "", name = "", gate = "", worker] = process.argv.slice(2);
let said = false;
const lock = await takeLock(file, (pid) => {
  if (!said) appendFileSync(log, `${name} waits for ${pid}\n`);
  said = true;
});
if (worker) {
  const { pid = 0 } = spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });
  lock.adopt(pid);
  appendFileSync(log, `${name} employs ${pid}\n`);
}
appendFileSync(log, `${name} in\n`);
while (gate && !existsSync(gate)) await delay(10);
appendFileSync(log, `${name} out\n`);
lock.release();
process.exit(0);
