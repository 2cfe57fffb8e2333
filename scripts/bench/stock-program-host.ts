import { startProgramHost } from "../../infra/program-host.ts";

// The program host of the stock side as a process of its own, until SIGTERM. Prints {"address"}; programs get its environment.
const host = await startProgramHost();
process.stdout.write(`${JSON.stringify({ address: host.address })}\n`);
process.once("SIGTERM", () => {
  host.close();
  process.exit(0);
});
