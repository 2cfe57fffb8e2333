/** Where a state can be kept, and what each place lacks. */
export interface Backend {
  /** `file`, `bucket`, `pulumi-cloud`. */
  kind: string;
  title: string;
  /** Whether PULUMI_BACKEND_URL means this one. */
  fits(url: string): boolean;
  /** How the pipeline can tell whose a lock is. */
  lock: "named" | "nameless";
  /** What a broken lock takes along: this lock alone, or all of the stack. */
  breaking: "exact" | "all" | "none";
  /** One sentence each, for whoever chooses. */
  lacks: readonly string[];
}

/** The first that fits is the one; Pulumi Cloud is what the engine takes where nothing is said. */
export const BACKENDS: readonly Backend[] = [
  {
    kind: "file",
    title: "A folder",
    fits: (url) => url.startsWith("file://"),
    lock: "named",
    breaking: "exact",
    lacks: [
      "It is on one machine: a hosted runner loses it with the job. It is for rehearsals and for trying out.",
      "There is no history but the engine's own copies in the same folder, and nobody is asked who may read it.",
    ],
  },
  {
    kind: "bucket",
    title: "An S3-compatible bucket (R2, S3, and the like)",
    fits: (url) => /^(s3|gs|azblob):\/\//.test(url),
    lock: "named",
    breaking: "all",
    lacks: [
      "Its lock is a file that two can write at once, and then both see it and stop; a killed update leaves it, and the next one breaks it only when its owner is known to be gone.",
      "A broken lock is broken for the whole stack: the engine's `cancel` does not ask whose it is.",
      "Versions of the state are kept only where the bucket's versioning is on (R2 has none): the backups before each update are what there is.",
      "Everything in the state but its secrets is plain for whoever may read the bucket.",
    ],
  },
  {
    kind: "pulumi-cloud",
    title: "Pulumi Cloud",
    fits: (url) => url === "" || /^(https?:\/\/|pulumi:)/.test(url),
    lock: "nameless",
    breaking: "none",
    lacks: [
      "A locked stack is refused without a word on who holds it, so that its lock is never broken from here; it ends by itself some minutes after its process was killed, or with `pulumi cancel`.",
      "Without the service there is no update, and the state (but its secrets) is with a third party.",
    ],
  },
];

/** The backend that an address means; undefined where nobody knows it. */
export function backendOf(url: string | undefined): Backend | undefined {
  return BACKENDS.find(({ fits }) => fits(url?.trim() ?? ""));
}
