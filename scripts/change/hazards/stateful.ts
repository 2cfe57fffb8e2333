/** A kind of resource that holds something which a new one of its kind would not have. */
export interface Stateful {
  /** The name in rules: `delete-volume`, `replace-volume`. */
  noun: string;
  /** As people call it. */
  label: string;
  severity: "data-loss" | "outage" | "security";
  /** What is gone when it is deleted. */
  lost: string;
  /** How to do without, or what to do first. */
  avoid: string;
  /** What people see while it is replaced, where that is another thing than a deletion. */
  whileReplaced?: string;
  /** Nothing ever replaces it by a new one of its kind. */
  neverReplaced?: true;
}

/** The type of a step that no engine makes: a Worker's migration that deletes a class and all of its objects. */
export const DURABLE_OBJECT_CLASS = "cloudflare:workers:DurableObjectClass";

/** The stateful resources. Neither a delete nor a replace of one of them passes without approval. */
export const STATEFUL: { readonly [type: string]: Stateful } = {
  "hcloud:index/volume:Volume": {
    noun: "volume",
    label: "volume",
    severity: "data-loss",
    lost: "All files on it are gone; Hetzner keeps no copy of a volume.",
    avoid: "Grow a volume instead of replacing it, or copy its files to a new one first.",
  },
  "hcloud:index/server:Server": {
    noun: "server",
    label: "server",
    severity: "outage",
    lost: "Everything on its own disk is gone, and what it serves stops answering.",
    whileReplaced:
      "Everything on its own disk is gone, and what it serves does not answer until the new one has started.",
    avoid:
      "Change a server that runs by a release of its image; new user-data, image or location means a new server: roll a second one out first.",
  },
  "hcloud:index/primaryIp:PrimaryIp": {
    noun: "primary-ip",
    label: "primary IP",
    severity: "outage",
    lost: "The address goes back to Hetzner and can't be had again; everything that names it fails.",
    avoid: "Keep the address and assign it to the new server.",
  },
  "hcloud:index/network:Network": {
    noun: "network",
    label: "network",
    severity: "outage",
    lost: "All servers lose their private addresses at once.",
    avoid: "Add a second network or subnet, move the servers, then delete the first.",
  },
  "hcloud:index/networkSubnet:NetworkSubnet": {
    noun: "subnet",
    label: "subnet",
    severity: "outage",
    lost: "The servers in it lose their private addresses.",
    avoid: "Add a second subnet, move the servers, then delete the first.",
  },
  "hcloud:index/loadBalancer:LoadBalancer": {
    noun: "load-balancer",
    label: "load balancer",
    severity: "outage",
    lost: "Its public address is gone and what is behind it stops answering.",
    avoid: "Bring up a second one and move the DNS records first.",
  },
  "cloudflare:index/zone:Zone": {
    noun: "zone",
    label: "DNS zone",
    severity: "data-loss",
    lost: "Every DNS record and setting of the domain is gone, and the domain stops resolving.",
    avoid: "Take the zone out of the state instead (`pulumi state delete`) and leave it at Cloudflare.",
  },
  "cloudflare:index/d1Database:D1Database": {
    noun: "d1",
    label: "D1 database",
    severity: "data-loss",
    lost: "All its tables and rows are gone, its point-in-time backups too.",
    avoid: "Export it first (`wrangler d1 export`), or keep it and create a second one.",
  },
  "cloudflare:index/workersKvNamespace:WorkersKvNamespace": {
    noun: "kv",
    label: "KV namespace",
    severity: "data-loss",
    lost: "All its keys are gone.",
    avoid: "Create a second namespace, copy the keys, move the binding, then delete the first.",
  },
  "cloudflare:index/r2Bucket:R2Bucket": {
    noun: "r2",
    label: "R2 bucket",
    severity: "data-loss",
    lost: "All its objects are gone; Cloudflare refuses while there are any.",
    avoid: "Create a second bucket and copy the objects first.",
  },
  [DURABLE_OBJECT_CLASS]: {
    noun: "durable-object",
    neverReplaced: true,
    label: "Durable Object class",
    severity: "data-loss",
    lost: "All objects of the class are gone with what they store, and no rollback of the Worker gets past it.",
    avoid:
      "Leave the class in the code and stop using it, or move it with `renamed_classes` or `transferred_classes`.",
  },
  "cloudflare:index/queue:Queue": {
    noun: "queue",
    label: "queue",
    severity: "data-loss",
    lost: "Messages that wait in it are gone.",
    avoid: "Let the consumers drain it first, with no producer bound to it.",
  },
  "cloudflare:index/pagesProject:PagesProject": {
    noun: "pages-project",
    label: "Pages project",
    severity: "outage",
    lost: "The site goes down with all its deployments, so that none is left to roll back to.",
    avoid: "Create the new project beside it and move the domain, then delete the old one.",
  },
  "cloudflare:index/originCaCertificate:OriginCaCertificate": {
    noun: "certificate",
    label: "Origin CA certificate",
    severity: "outage",
    lost: "Cloudflare revokes it: servers that still present it are refused with error 526.",
    avoid: "Create the new certificate beside it, roll it out to the servers, then delete the old one.",
  },
  "cloudflare:index/certificatePack:CertificatePack": {
    noun: "certificate-pack",
    label: "edge certificate",
    severity: "outage",
    lost: "Browsers are refused on its hostnames until a new one is issued.",
    avoid: "Order the new certificate beside it and wait until it is active.",
  },
  "hcloud:index/uploadedCertificate:UploadedCertificate": {
    noun: "uploaded-certificate",
    label: "uploaded certificate",
    severity: "outage",
    lost: "Load balancers that use it stop answering over TLS.",
    avoid: "Upload the new certificate beside it and move the services first.",
  },
  "tls:index/privateKey:PrivateKey": {
    noun: "private-key",
    label: "private key",
    severity: "outage",
    lost: "Certificates made for it don't fit any more.",
    avoid: "Make a second key and certificate beside it, roll both out, then delete the old ones.",
  },
};
