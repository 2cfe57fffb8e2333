/**
 * What each part says of itself, as data: where to ask, and how to read the answer.
 *
 * @typedef {{ state: "good" | "warn" | "bad", word: string, says: string, release?: string, rows: [label: string, text: string, kind?: string][], stack?: string }} Report
 */

/** @param {{ app: string, www: string, status: string } | undefined} hosts */
export function partsOf(hosts) {
  return [
    ...(hosts
      ? [
          { name: "Application", url: `https://${hosts.app}/_release`, read: readServer },
          { name: "Intake", url: `https://${hosts.www}/intake/healthz`, read: readIntake },
          { name: "Website", url: `https://${hosts.www}/release.json`, read: readSite },
        ]
      : []),
    { name: "This page", url: "/release.json", read: readSite },
  ];
}

/** @returns {Report} */
function readServer(answer) {
  if (!answer.release && !answer.image)
    return {
      state: "bad",
      word: "Nothing runs",
      says: "The server answers, but it runs no image yet.",
      rows: [],
    };
  const digest = /sha256:([0-9a-f]{12})/.exec(answer.image ?? "")?.[1];
  return {
    state: answer.lastError ? "warn" : "good",
    word: answer.lastError ? "Answers, with a remark" : "Answers",
    says: answer.lastError ? `Its last attempt to change failed: ${answer.lastError}` : "",
    release: answer.release ?? undefined,
    stack: answer.stack,
    rows: [
      ["Release", answer.release ?? "not said", "release"],
      ...(digest ? [["Image", digest, "code"]] : []),
      ...(answer.server ? [["Server", answer.server]] : []),
    ],
  };
}

/** @returns {Report} */
function readIntake(answer) {
  const { waiting, oldestSeconds } = answer.outbox;
  return {
    state: answer.status === "ok" ? "good" : answer.status === "down" ? "bad" : "warn",
    word:
      answer.status === "ok" ? "Answers" : answer.status === "down" ? "Is down" : "Answers, with a remark",
    says: sentence(answer.reasons),
    release: answer.tag || undefined,
    stack: answer.stack,
    rows: [
      ...(answer.tag ? [["Release", answer.tag, "release"]] : []),
      ["Version", answer.version.slice(0, 8), "code"],
      ["Uploaded", date(answer.uploadedAt)],
      ["Messages waiting", waiting === 0 ? "none" : `${waiting}, the oldest for ${duration(oldestSeconds)}`],
    ],
  };
}

/** @returns {Report} */
function readSite(answer) {
  return {
    state: "good",
    word: "Answers",
    says: "",
    release: answer.release,
    stack: answer.stack,
    rows: [
      ["Release", answer.release, "release"],
      ["Commit", String(answer.sha).slice(0, 7), "code"],
      ...(answer.deployedAt ? [["Deployed", date(answer.deployedAt)]] : []),
    ],
  };
}

function sentence(reasons) {
  const text = reasons.join("; ");
  return text === "" ? "" : `${text[0].toUpperCase()}${text.slice(1)}.`;
}

function date(iso) {
  const at = new Date(iso);
  return Number.isNaN(at.getTime())
    ? "not said"
    : at.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}

function duration(seconds) {
  if (seconds < 120) return `${seconds} seconds`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`;
}
