/**
 * What the Worker `watch` has seen of each part, every five minutes, kept at the edge. A copy of the page that has no stack,
 * such as a preview, has no history either.
 */
const MOST_OUTAGES = 10;
const section = document.querySelector("#history");

const history = await read();
if (history) show(history);

async function read() {
  try {
    const response = await fetch("/watch/history", { signal: AbortSignal.timeout(8000) });
    const found = response.ok ? await response.json() : undefined;
    return found?.days?.length > 0 ? found : undefined;
  } catch {
    return undefined;
  }
}

function show({ askedAt, days, outages }) {
  const first = days.at(-1).date;
  document.querySelector("#watched").textContent =
    `Asked every five minutes since ${day(first)}, the last time on ${time(askedAt)}.`;
  const parts = [...new Set(days.flatMap((each) => Object.keys(each.parts)))];
  document.querySelector("#shares").replaceChildren(...parts.flatMap((part) => shareOf(part, days)));
  const rows = outages.slice(0, MOST_OUTAGES).map(row);
  document.querySelector("#outages").replaceChildren(...rows);
  document.querySelector("#outages").hidden = rows.length === 0;
  document.querySelector("#no-outage").hidden = rows.length > 0;
  section.hidden = false;
}

/** A part's name, the share of rounds in which it answered, and a bar a day, which the words say too. */
function shareOf(part, days) {
  const counted = days.flatMap(({ date, parts }) => (parts[part] ? [{ date, ...parts[part] }] : []));
  const asked = counted.reduce((sum, each) => sum + each.asked, 0);
  const ok = counted.reduce((sum, each) => sum + each.ok, 0);
  const bad = counted.filter((each) => each.ok < each.asked).length;
  const term = element("dt", part);
  const description = element("dd");
  description.append(
    element("strong", `${percent(ok, asked)} answered`),
    element("span", bad === 0 ? "every day whole" : `${bad} of ${counted.length} days with gaps`),
    bars(counted),
  );
  return [term, description];
}

function bars(days) {
  const strip = element("div");
  strip.className = "bars";
  strip.setAttribute("aria-hidden", "true");
  strip.append(
    ...[...days].reverse().map(({ date, asked, ok }) => {
      const bar = element("i");
      bar.dataset.state = ok === asked ? "good" : ok / asked > 0.95 ? "warn" : "bad";
      bar.title = `${day(date)}: ${percent(ok, asked)}`;
      return bar;
    }),
  );
  return strip;
}

function row({ part, from, to, why }) {
  const line = element("li");
  const when = to ? `for ${length(new Date(to) - new Date(from))}` : "goes on";
  line.append(element("strong", part), element("span", `${time(from)}, ${when}`), element("span", why));
  return line;
}

function element(name, text = "") {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

/** Rounded down: nothing but all is 100 %. */
function percent(ok, asked) {
  return ok === asked ? "100 %" : `${(Math.floor((ok / asked) * 10_000) / 100).toFixed(2)} %`;
}

function day(date) {
  return new Date(date).toLocaleDateString("en-GB", { dateStyle: "medium", timeZone: "UTC" });
}

function time(iso) {
  return new Date(iso).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}

function length(milliseconds) {
  const minutes = Math.round(milliseconds / 60_000);
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
}
