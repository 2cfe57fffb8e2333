/** One kind of refusal: RFC 9457 wants the title and the status to be the same each time. */
interface ProblemType {
  status: number;
  title: string;
  /** What the sender can do about it, in the words of the page at the type's address. */
  help: string;
}

/**
 * Every refusal of this Worker by its code. A code never changes its meaning: its address is the `type` of the answer
 * (https://www.rfc-editor.org/rfc/rfc9457#name-type), and README.md lists it.
 */
export const PROBLEM_TYPES = {
  "malformed-json": {
    status: 400,
    title: "Malformed JSON",
    help: "The body has to be what the call asks for, as JSON in UTF-8.",
  },
  "malformed-form": {
    status: 400,
    title: "Malformed form",
    help: "The body does not have the parts that the boundary in its Content-Type announces.",
  },
  "malformed-idempotency-key": {
    status: 400,
    title: "Malformed Idempotency-Key",
    help: "The header has to be 1 to 128 visible ASCII characters, such as a UUID.",
  },
  "not-authorised": {
    status: 401,
    title: "Not authorised",
    help: "Operators' calls need the operator key, as Authorization: Bearer and the key.",
  },
  "origin-not-allowed": {
    status: 403,
    title: "Not allowed from this page",
    help: "Pages of another site may post here only where an operator has named their origin in the setting allowedOrigins.",
  },
  "turnstile-failed": {
    status: 403,
    title: "Not known to be a person",
    help: "The form asks for a check that a person sends it. The check is good once and for five minutes: do it again, then send.",
  },
  "url-not-valid": {
    status: 403,
    title: "Signed URL not valid",
    help: "The URL has been changed, or its time is over. POST /intake/uploads gives a new one.",
  },
  "not-found": {
    status: 404,
    title: "Not found",
    help: "There is nothing at this address, or nothing any more.",
  },
  "no-such-dead-letter": {
    status: 404,
    title: "No such dead letter",
    help: "No message is parked under this id: it was delivered, replayed or purged, or never was here.",
  },
  "method-not-allowed": {
    status: 405,
    title: "Method not allowed",
    help: "The header Allow says which methods this address takes.",
  },
  "idempotency-key-reused": {
    status: 409,
    title: "Idempotency-Key reused",
    help: "Another message of this sender has come with the same key. A new message needs a new key.",
  },
  "stored-already": {
    status: 409,
    title: "File stored already",
    help: "A signed URL takes one file, once. To send another, ask for another URL.",
  },
  "length-required": {
    status: 411,
    title: "Length required",
    help: "A file has to be sent with a Content-Length.",
  },
  "too-large": {
    status: 413,
    title: "Too large",
    help: "The detail says how much can be taken at most.",
  },
  "other-size": {
    status: 413,
    title: "Not the announced size",
    help: "The URL was given for a file of another size. Send that file, or ask for another URL.",
  },
  "unsupported-content-type": {
    status: 415,
    title: "Unsupported content type",
    help: "The header Accept of the answer says what can be sent.",
  },
  "unsupported-file-type": {
    status: 415,
    title: "Unsupported file type",
    help: "The detail says which types of files are taken here.",
  },
  "other-type": {
    status: 415,
    title: "Not the announced type",
    help: "The URL was given for a file of another type. Send that file, or ask for another URL.",
  },
  "invalid-message": {
    status: 422,
    title: "Some fields need another look",
    help: "The list errors has one entry for each field that was not accepted, with the reason.",
  },
  "invalid-upload": {
    status: 422,
    title: "The file is not described",
    help: "The list errors has one entry for each of name, type and size that is missing or not right.",
  },
  "too-many-messages": {
    status: 429,
    title: "Too many messages",
    help: "This address has sent more than it may in this time. The header Retry-After says in how many seconds it may again.",
  },
  bug: {
    status: 500,
    title: "Our mistake",
    help: "Something went wrong on our side, and is in our logs. The same request may go through later.",
  },
  "not-stored": {
    status: 503,
    title: "Not stored",
    help: "The message was not taken in. Send it again after the seconds in Retry-After, with the same Idempotency-Key.",
  },
} as const satisfies Record<string, ProblemType>;
export type ProblemCode = keyof typeof PROBLEM_TYPES;
