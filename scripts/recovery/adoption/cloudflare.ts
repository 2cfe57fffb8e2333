import { z } from "zod";
import type { AdoptionRule } from "./rule.ts";

const text = z.string();
const Account = z.object({ accountId: text });
const cloudflare = (type: string) => `cloudflare:index/${type}`;

export const CLOUDFLARE: readonly AdoptionRule[] = [
  {
    // The comment names the project, the stack and the resource (infra/src/cloudflare/ownership.ts).
    type: cloudflare("dnsRecord:DnsRecord"),
    by: ["zoneId", "type", "name", "comment"],
    async find(clouds, wanted) {
      const { zoneId, type, name, comment } = z
        .object({ zoneId: text, type: text, name: text, comment: text })
        .parse(wanted);
      const records = await clouds.cloudflare.dnsRecords(zoneId, type, name);
      const found = records.find((record) => record.comment === comment);
      return found && { id: found.id };
    },
  },
  {
    type: cloudflare("workersKvNamespace:WorkersKvNamespace"),
    by: ["accountId", "title"],
    async find(clouds, wanted) {
      const { accountId, title } = Account.extend({ title: text }).parse(wanted);
      const all = await clouds.cloudflare.kvNamespaces(accountId);
      const found = all.find((namespace) => namespace.title === title);
      return found && { id: found.id };
    },
  },
  {
    type: cloudflare("d1Database:D1Database"),
    by: ["accountId", "name"],
    async find(clouds, wanted) {
      const { accountId, name } = Account.extend({ name: text }).parse(wanted);
      // The API's own filter takes parts of names too.
      const all = await clouds.cloudflare.d1Databases(accountId, name);
      const found = all.find((database) => database.name === name);
      return found && { id: found.uuid, outputs: { uuid: found.uuid } };
    },
  },
  {
    type: cloudflare("queue:Queue"),
    by: ["accountId", "queueName"],
    async find(clouds, wanted) {
      const { accountId, queueName } = Account.extend({ queueName: text }).parse(wanted);
      const all = await clouds.cloudflare.queues(accountId);
      const found = all.find((queue) => queue.queue_name === queueName);
      return found && { id: found.queue_id, outputs: { queueId: found.queue_id } };
    },
  },
  {
    type: cloudflare("r2Bucket:R2Bucket"),
    by: ["accountId", "name"],
    async find(clouds, wanted) {
      const { accountId, name } = Account.extend({ name: text }).parse(wanted);
      return (await clouds.cloudflare.hasR2Bucket(accountId, name)) ? { id: name } : undefined;
    },
  },
  {
    type: cloudflare("pagesProject:PagesProject"),
    by: ["accountId", "name"],
    async find(clouds, wanted) {
      const { accountId, name } = Account.extend({ name: text }).parse(wanted);
      return (await clouds.cloudflare.hasPagesProject(accountId, name)) ? { id: name } : undefined;
    },
  },
  {
    type: cloudflare("pagesDomain:PagesDomain"),
    by: ["accountId", "projectName", "name"],
    async find(clouds, wanted) {
      const { accountId, projectName, name } = Account.extend({ projectName: text, name: text }).parse(
        wanted,
      );
      return (await clouds.cloudflare.hasPagesDomain(accountId, projectName, name))
        ? { id: name }
        : undefined;
    },
  },
  {
    // A zone has one ruleset a phase. One that was made by hand in the dashboard has another name ("default").
    type: cloudflare("ruleset:Ruleset"),
    by: ["zoneId", "phase", "name", "kind"],
    async find(clouds, wanted) {
      const { zoneId, ...rest } = z
        .object({ zoneId: text, phase: text, name: text, kind: text })
        .parse(wanted);
      const all = await clouds.cloudflare.rulesets(zoneId);
      const found = all.find(
        (each) => each.phase === rest.phase && each.kind === rest.kind && each.name === rest.name,
      );
      return found && { id: found.id };
    },
  },
  {
    // A zone has a pattern once, and the host in it is the stack's. The stack's own routes lead to no Worker.
    type: cloudflare("workersRoute:WorkersRoute"),
    by: ["zoneId", "pattern"],
    async find(clouds, wanted) {
      const { zoneId, pattern } = z.object({ zoneId: text, pattern: text }).parse(wanted);
      const all = await clouds.cloudflare.workerRoutes(zoneId);
      const found = all.find((route) => route.pattern === pattern && !route.script);
      return found && { id: found.id };
    },
  },
  {
    // Nobody else has the key that the request was signed with.
    type: cloudflare("originCaCertificate:OriginCaCertificate"),
    by: ["csr"],
    async find(clouds, wanted) {
      if (clouds.zoneId === undefined) return undefined;
      const bare = (pem: string) => pem.replaceAll(/\s/g, "");
      const csr = bare(text.parse(wanted.csr));
      const all = await clouds.cloudflare.originCertificates(clouds.zoneId);
      const found = all.find((certificate) => certificate.csr && bare(certificate.csr) === csr);
      return found && { id: found.id };
    },
  },
  {
    type: cloudflare("turnstileWidget:TurnstileWidget"),
    by: ["accountId", "name"],
    async find(clouds, wanted) {
      const { accountId, name } = Account.extend({ name: text }).parse(wanted);
      const all = await clouds.cloudflare.turnstileWidgets(accountId);
      const found = all.find((widget) => widget.name === name);
      return found && { id: found.sitekey, outputs: { sitekey: found.sitekey } };
    },
  },
];
