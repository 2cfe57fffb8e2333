// Makes the form nicer where there is JavaScript: errors beside their fields, nothing typed is lost, and a post that has
// to be repeated is known as the same one. Without this file the form is a plain form and works too.

const form = document.querySelector("#intake");
const status = form.querySelector(".form-status");
const button = form.querySelector("button");
const person = form.querySelector(".person");
const PREVIEW = "This is a preview of the page. What is written here goes nowhere.";

/** The key of the message as it was sent last, until its text changes. */
let sent = { text: "", key: "" };

// Only the hosts of a stack have the Worker that takes messages in.
const isPreview = location.hostname.endsWith(".pages.dev");
/** What somebody who begins to write has to know. */
let notice = isPreview ? PREVIEW : "";
form.addEventListener("focusin", ({ target }) => {
  if (notice && target !== status) show(notice);
});
// Nothing is asked of another host where there is no site key.
if (person.dataset.turnstileSiteKey) askPerson(person.dataset.turnstileSiteKey);

form.noValidate = true;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.getAttribute("aria-disabled") === "true") return;
  if (isPreview) {
    say(PREVIEW);
    return;
  }
  const missing = fields().filter((field) => !field.validity.valid);
  showErrors(missing.map((field) => ({ field: field.name, message: words(field) })));
  if (missing.length > 0) return;

  const all = Object.fromEntries(new FormData(form));
  // The check's token is another one each time, and no part of the message.
  const { "cf-turnstile-response": _token, ...message } = all;
  const text = JSON.stringify(message);
  // randomUUID is there on secure pages only.
  if (text !== sent.text) sent = { text, key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` };
  busy(true);
  try {
    const response = await fetch(form.action, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        "idempotency-key": sent.key,
      },
      body: JSON.stringify(all),
      signal: AbortSignal.timeout(30_000),
    });
    const answer = await response.json();
    // A token is good for one question, and fields are looked at before it.
    if (!answer.errors) askAgain();
    if (response.ok) done(answer.id);
    else if (answer.errors) showErrors(answer.errors);
    else say(answer.detail);
  } catch {
    askAgain();
    say("Your message did not reach us. It is still here: please send it again, it will not arrive twice.");
  } finally {
    busy(false);
  }
});

// A host with a suffix (www-dev.) has a status page with the same one.
const [, suffix, zone] = /^www(-[a-z\d-]+)?\.(.+)$/.exec(location.hostname) ?? [];
if (zone) document.querySelector("#status-link").href = `https://status${suffix ?? ""}.${zone}/`;

function fields() {
  return [...form.elements].filter(
    (element) => element.name && element.name !== "website" && element.type !== "hidden",
  );
}

function words(field) {
  const label = field.labels[0].firstChild.textContent.trim();
  return field.validity.typeMismatch ? "This does not look like an e-mail address." : `${label} is missing.`;
}

function showErrors(errors) {
  status.hidden = true;
  for (const field of fields()) {
    const error = errors.find((candidate) => candidate.field === field.name);
    const id = `${field.id}-error`;
    document.getElementById(id)?.remove();
    if (error) {
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", id);
      const note = document.createElement("span");
      note.id = id;
      note.className = "field-error";
      note.textContent = error.message;
      field.after(note);
    } else {
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    }
  }
  form.querySelector('[aria-invalid="true"]')?.focus();
}

function busy(now) {
  button.setAttribute("aria-disabled", String(now));
  button.textContent = now ? "Sending…" : "Send";
}

function show(text) {
  status.textContent = text;
  status.hidden = false;
}

function say(text) {
  show(text);
  status.focus();
}

/** Puts Turnstile's widget into the form; it adds a hidden field with its token. */
function askPerson(sitekey) {
  const script = document.createElement("script");
  script.src = "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit";
  script.addEventListener("load", () => {
    // Its usual size is 300 pixels wide.
    window.turnstile.render(person, { sitekey, size: person.clientWidth < 300 ? "compact" : "normal" });
  });
  script.addEventListener("error", () => {
    notice =
      "The check that a person sends this form could not be loaded. Please load the page again, or call us.";
  });
  document.head.append(script);
}

function askAgain() {
  window.turnstile?.reset(person);
}

function done(id) {
  sent = { text: "", key: "" };
  form.reset();
  status.classList.add("done");
  say(`Thank you. Your message is with us under ${id.slice(0, 8)}; somebody answers within the hour.`);
}
