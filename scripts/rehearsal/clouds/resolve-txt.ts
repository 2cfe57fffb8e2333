import { request } from "node:http";
import { z } from "zod";

const Answer = z.object({ Answer: z.array(z.object({ type: z.number(), data: z.string() })).default([]) });
const TXT = 16;

/** The content of a TXT record as the edge's own resolver answers it (DNS over HTTPS, JSON form); undefined without one. */
export function resolveTxt(edgeUrl: string, name: string): Promise<string | undefined> {
  const query = new URLSearchParams({ name, type: "TXT" });
  return new Promise((resolve, reject) => {
    const call = request(
      `${edgeUrl}/dns-query?${query}`,
      { headers: { host: "cloudflare-dns.com", accept: "application/dns-json" } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode !== 200) return resolve(undefined);
          try {
            const answer = Answer.parse(JSON.parse(Buffer.concat(chunks).toString("utf8")));
            resolve(answer.Answer.find((each) => each.type === TXT)?.data);
          } catch (error) {
            reject(error);
          }
        });
      },
    );
    call.on("error", reject);
    call.end();
  });
}
