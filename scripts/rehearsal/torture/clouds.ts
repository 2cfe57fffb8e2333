/** The clouds whose writes are counted. */
export const CLOUDS = ["hetzner", "cloudflare", "github"] as const;
export type CloudName = (typeof CLOUDS)[number];

/** A call that changed something, or may have. */
export interface Write {
  cloud: CloudName;
  /** Its place among the writes of its cloud, from 0. */
  index: number;
  call: string;
}
