/** How the backend answers: the first rule that fits a body, else 201. */
export interface Answer {
  /** 0: the connection is cut after the message was read. */
  status: number;
  /** Stores the message all the same, so that only the answer is lost. */
  stores?: boolean;
  headers?: Record<string, string>;
  /** Only for bodies that hold this text. */
  where?: string;
  /** For so many messages; without it, for good. */
  times?: number;
}

export interface Received {
  headers: Record<string, string>;
  body: string;
  /** What the backend answered. */
  status: number;
}

/** A message as the application has it: each id once. */
export interface Stored {
  id: string;
  message: { email: string; message: string };
}
