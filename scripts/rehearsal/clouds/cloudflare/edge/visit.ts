/** One request of a visitor, as the edge sees it. */
export interface Visit {
  /** As the visitor typed it, whatever port the edge listens on. */
  url: URL;
  method: string;
  headers: Headers;
  body?: Uint8Array;
  /** The visitor's address. */
  ip: string;
  /** A request that a Worker made. */
  fromWorker?: boolean;
}

/** The address that visitors have who do not say another (a documentation address, RFC 5737). */
export const DEFAULT_VISITOR = "203.0.113.7";
/** Lets a rehearsal choose the visitor's address. */
export const VISITOR_HEADER = "x-rehearsal-client-ip";
/** On plain requests by Host header: `https` stands for TLS that was not spoken. */
export const SCHEME_HEADER = "x-rehearsal-scheme";
