// Runs inside the network namespace that stands for the internet, as plain JavaScript for whatever Node starts it. Sockets in
// the file system are the only way between that namespace and the rehearsal: nothing of it touches the machine's own network.
// Reads its orders from stdin, one JSON line each: {"listen":{host,port},"connect":PATH} or
// {"listen":PATH,"connect":{host,port,localAddress}}; "{from}" in a path is the visitor's address. Says one line for each.

import { rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

const servers = new Map();

function relay(order) {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (incoming) => {
    const from = String(incoming.remoteAddress).replace(/^::ffff:/, "");
    const target =
      typeof order.connect === "string" ? { path: order.connect.replace("{from}", from) } : order.connect;
    const outgoing = connect({ ...target, allowHalfOpen: true });
    outgoing.setNoDelay?.(true);
    const end = () => {
      incoming.destroy();
      outgoing.destroy();
    };
    incoming.on("error", end);
    outgoing.on("error", end);
    incoming.on("close", () => outgoing.destroy());
    outgoing.on("close", () => incoming.destroy());
    incoming.pipe(outgoing);
    outgoing.pipe(incoming);
  });
  if (typeof order.listen === "string") {
    rmSync(order.listen, { force: true });
    server.listen(order.listen, () => process.stdout.write("listening\n"));
  } else server.listen(order.listen.port, order.listen.host, () => process.stdout.write("listening\n"));
  server.on("error", (error) => process.stdout.write(`${error.message}\n`));
  servers.set(JSON.stringify(order.listen), server);
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const order = JSON.parse(line);
  if (order.close) {
    servers.get(JSON.stringify(order.close))?.close();
    servers.delete(JSON.stringify(order.close));
    process.stdout.write("closed\n");
  } else relay(order);
});
process.stdin.on("end", () => process.exit(0));
