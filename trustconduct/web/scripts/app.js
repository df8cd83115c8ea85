// Small comforts. Every page works without this file.

// A long text's error summary is the first thing to hear after a failed form.
const summary = document.querySelector("[data-error-summary]");
if (summary) summary.focus();

// A second click on a slow phone must not send the form again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  form.dataset.sending = "yes";
  setTimeout(() => delete form.dataset.sending, 3000);
});
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sending;
});

// Show what is being typed into a password field.
for (const input of document.querySelectorAll("[data-password]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "govuk-button govuk-button--secondary tc-password__toggle";
  button.setAttribute("aria-controls", input.id);
  const say = () => {
    const shown = input.type === "text";
    button.textContent = shown ? "Hide" : "Show";
    button.setAttribute("aria-label", shown ? "Hide password" : "Show password");
  };
  button.addEventListener("click", () => {
    input.type = input.type === "password" ? "text" : "password";
    say();
  });
  input.form?.addEventListener("submit", () => {
    input.type = "password";
    say();
  });
  say();
  input.after(button);
}

// How many characters are left, said when the typing rests.
for (const area of document.querySelectorAll("textarea[data-limit]")) {
  const limit = Number(area.dataset.limit);
  const seen = document.getElementById(`${area.id}-limit`);
  const heard = document.createElement("span");
  heard.className = "govuk-visually-hidden";
  heard.setAttribute("aria-live", "polite");
  seen.after(heard);
  let rest;
  const count = () => {
    const left = limit - area.value.length;
    const number = Math.abs(left).toLocaleString("en-GB");
    const { left: own, over } = area.dataset;
    const words = own ? (left < 0 ? over : own).replace("#", Math.abs(left)) : `You have ${number} ${Math.abs(left) === 1 ? "character" : "characters"} ${left < 0 ? "too many" : "left"}`;
    seen.textContent = words;
    clearTimeout(rest);
    rest = setTimeout(() => (heard.textContent = words), 1000);
  };
  area.addEventListener("input", count);
  count();
}

// "Print this page" is shown only where it can work.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// A closed text would print as its heading alone.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("main details:not([open])")) details.open = true;
});

// Suggest a school's word for its addresses while its name is typed: the same that the
// service makes of it where the field is left blank. Typing into the field ends that.
for (const place of document.querySelectorAll("[data-slug-from]")) {
  const slug = place.querySelector("input");
  const from = document.getElementById(place.dataset.slugFrom);
  const longest = Number(place.dataset.longest);
  let ours = slug.value === "";
  slug.addEventListener("input", () => (ours = slug.value === ""));
  from.addEventListener("input", () => {
    if (!ours) return;
    const plain = from.value.replaceAll("&", " and ").normalize("NFKD").toLowerCase();
    const words = plain.replace(/['’\u0300-\u036f.]/g, "").match(/[a-z0-9]+/g) ?? [];
    if (words.length && /^\d/.test(words[0])) words.unshift("school");
    let made = words.join("-");
    if (made.length > longest) {
      const end = made.lastIndexOf("-", longest);
      made = made.slice(0, end > 0 ? end : longest);
    }
    slug.value = made;
  });
}

// Leave at once, and leave no page to come back to.
for (const link of document.querySelectorAll("[data-exit]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    document.body.hidden = true;
    location.replace(link.href);
  });
}
