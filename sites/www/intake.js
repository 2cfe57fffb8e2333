// Makes the form nicer where there is JavaScript: errors beside their fields, nothing typed is lost, and a post that has
// to be repeated is known as the same one. Without this file the form is a plain form and works too.

const form = document.querySelector("#intake");
const status = form.querySelector(".form-status");
const button = form.querySelector("button");

/** The key of the message as it was sent last, until its text changes. */
let sent = { text: "", key: "" };

form.noValidate = true;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.getAttribute("aria-disabled") === "true") return;
  const missing = fields().filter((field) => !field.validity.valid);
  showErrors(missing.map((field) => ({ field: field.name, message: words(field) })));
  if (missing.length > 0) return;

  const text = JSON.stringify(Object.fromEntries(new FormData(form)));
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
      body: text,
      signal: AbortSignal.timeout(30_000),
    });
    const answer = await response.json();
    if (response.ok) done(answer.id);
    else if (answer.errors) showErrors(answer.errors);
    else say(answer.detail);
  } catch {
    say("Your message did not reach us. It is still here: please send it again, it will not arrive twice.");
  } finally {
    busy(false);
  }
});

// A host with a suffix (www-dev.) has a status page with the same one.
const [, suffix, zone] = /^www(-[a-z\d-]+)?\.(.+)$/.exec(location.hostname) ?? [];
if (zone) document.querySelector("#status-link").href = `https://status${suffix ?? ""}.${zone}/`;

function fields() {
  return [...form.elements].filter((element) => element.name && element.name !== "website");
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

function say(text) {
  status.textContent = text;
  status.hidden = false;
  status.focus();
}

function done(id) {
  sent = { text: "", key: "" };
  form.reset();
  status.classList.add("done");
  say(`Thank you. Your message is with us under ${id.slice(0, 8)}; somebody answers within the hour.`);
}
