import { hostsBeside } from "./hosts.js";
import { partsOf } from "./parts.js";

const TIMEOUT_MS = 8000;
/** A tick, an exclamation mark, a cross, three dots: the state is never told by colour alone. */
const SHAPES = {
  good: "M2.5 8.5l3.5 3.5 7.5-8",
  warn: "M8 2.5v7M8 13.25v.25",
  bad: "M3 3l10 10M13 3L3 13",
  asking: "M3 8h.01M8 8h.01M13 8h.01",
};

const hosts = hostsBeside(location.host);
const summary = document.querySelector("#summary");
const again = document.querySelector("#again");
const parts = partsOf(hosts).map((part) => ({ ...part, card: makeCard(part) }));

if (hosts) document.querySelector("#www-link").href = `https://${hosts.www}/`;
again.addEventListener("click", askAll);
await askAll();

async function askAll() {
  // A disabled button would lose the focus of whoever pressed it.
  if (again.getAttribute("aria-disabled") === "true") return;
  again.setAttribute("aria-disabled", "true");
  tell("asking", "Your browser is asking each part.");
  const reports = await Promise.all(
    parts.map(async (part) => {
      show(part.card, { state: "asking", word: "Asking", says: "", rows: [] });
      const report = await ask(part);
      show(part.card, report);
      return report;
    }),
  );
  conclude(reports);
  document.querySelector("#asked").textContent = `Asked at ${new Date().toLocaleTimeString("en-GB")}`;
  again.removeAttribute("aria-disabled");
}

async function ask({ url, read }) {
  let response;
  try {
    response = await fetch(url, {
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    const waited = error.name === "TimeoutError" ? ` within ${TIMEOUT_MS / 1000} seconds` : "";
    return silent(`Nothing came back${waited}.`);
  }
  try {
    // 503 has a report too, where the part itself says that it is down.
    if (response.ok || response.status === 503) return read(await response.json());
  } catch {
    if (response.ok) return silent("It answers, but not with what this page can read.");
  }
  return response.status === 404
    ? {
        ...silent("It answers, but says of no release. Nothing was deployed here by the pipeline yet."),
        state: "warn",
        word: "No release",
      }
    : silent(`It answers with the error ${response.status}.`);
}

function silent(says) {
  return { state: "bad", word: "Does not answer", says, rows: [] };
}

function conclude(reports) {
  const stack = reports.find((report) => report.stack)?.stack;
  const badge = document.querySelector("#stack");
  badge.hidden = !stack;
  badge.textContent = `Stack ${stack ?? ""}`;

  if (!hosts)
    return tell("warn", "This copy of the page belongs to no stack, so it can only tell what it is itself.");
  const broken = parts.filter((_, index) => reports[index].state === "bad").map((part) => part.name);
  if (broken.length > 0) return tell("bad", `Not as it should be: ${list(broken)}.`);
  const releases = [...new Set(reports.map((report) => report.release).filter(Boolean))];
  if (releases.length > 1)
    return tell(
      "good",
      `Everything answers. Not every part is of the same release: ${list(releases)}. A part that did not change keeps its release.`,
    );
  if (reports.some((report) => report.state === "warn"))
    return tell("warn", "Everything answers, with a remark below.");
  tell(
    "good",
    releases.length === 1 ? `Everything answers, and runs release ${releases[0]}.` : "Everything answers.",
  );
}

function tell(state, text) {
  summary.dataset.state = state;
  summary.textContent = text;
}

function makeCard({ name, url }) {
  const card = document.querySelector("#part").content.cloneNode(true).firstElementChild;
  card.querySelector("h2").textContent = name;
  const link = card.querySelector(".source a");
  link.href = url;
  link.textContent = url.replace("https://", "");
  document.querySelector("#parts").append(card);
  return card;
}

function show(card, { state, word, says, rows }) {
  const mark = card.querySelector(".state");
  mark.dataset.state = state;
  mark.querySelector("path").setAttribute("d", SHAPES[state]);
  mark.querySelector("span").textContent = word;
  const text = card.querySelector(".says");
  text.hidden = says === "";
  text.textContent = says;
  card.querySelector("dl").replaceChildren(
    ...rows.flatMap(([label, value, kind]) => {
      const term = document.createElement("dt");
      term.textContent = label;
      const description = document.createElement("dd");
      description.textContent = value;
      if (kind) description.className = kind;
      return [term, description];
    }),
  );
}

function list(words) {
  return new Intl.ListFormat("en", { type: "conjunction" }).format(words);
}
