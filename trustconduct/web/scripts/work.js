// The time of a sign-in, on pages of people who work here. A form that is sent too
// late is kept by the server in any case; this says so before it comes to that.

const bar = document.querySelector("[data-time-left]");
if (bar) watch(bar);

function watch(bar) {
  const SECOND = 1000;
  const MINUTE = 60 * SECOND;
  // Typing tells the server that somebody is there, at most this often.
  const TELL = MINUTE;
  // While a warning stands, another tab may have moved the end: look this often.
  const LOOK = 15 * SECOND;
  // After the end, only a sign-in in another tab can change anything.
  const LOOK_WHEN_OVER = 2 * MINUTE;

  const said = document.querySelector("[data-time-left-said]");
  const idleFor = Number(bar.dataset.idle) * SECOND;
  // Five minutes before the end; where a sign-in is short, a quarter of it.
  const warnIdle = Math.min(5 * MINUTE, Math.max(idleFor / 4, MINUTE / 2));
  const warnRest = 5 * MINUTE;
  let idleEnd, restEnd;
  let told = Date.now();
  let looked = 0;
  let shown = "";
  let closed = false;
  let before = null;

  const set = (left) => {
    const now = Date.now();
    idleEnd = now + left.idle * SECOND;
    restEnd = now + left.rest * SECOND;
  };
  set({ idle: Number(bar.dataset.idle), rest: Number(bar.dataset.rest) });

  const ask = async (address, options) => {
    try {
      const answer = await fetch(address, { credentials: "same-origin", ...options });
      if (answer.ok) set(await answer.json());
    } catch {
      // No network: the clock of this page still counts.
    }
  };
  const look = () => {
    looked = Date.now();
    return ask(bar.dataset.ask);
  };
  const tell = () => {
    told = Date.now();
    return ask(bar.action, { method: "POST", body: new FormData(bar) });
  };

  const state = () => {
    const now = Date.now();
    if (now >= Math.min(idleEnd, restEnd)) return "over";
    if (restEnd - now <= warnRest && restEnd <= idleEnd) return closed ? "" : "rest";
    if (idleEnd - now <= warnIdle) return "idle";
    return "";
  };

  const minutes = (milliseconds) => {
    const n = Math.ceil(milliseconds / MINUTE);
    return n <= 1 ? "less than a minute" : `${n} minutes`;
  };

  const show = (next) => {
    for (const words of bar.querySelectorAll("[data-minutes]")) {
      const text = minutes(Math.min(idleEnd, restEnd) - Date.now());
      if (words.textContent !== text) words.textContent = text;
    }
    if (next === shown) return;
    shown = next;
    for (const part of bar.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== next;
    const held = bar.contains(document.activeElement);
    bar.hidden = next === "";
    // Said once, when it appears; the minutes that go by are not read out.
    const words = bar.querySelector(`div[data-when="${next}"]`);
    said.textContent = words ? words.innerText.replace(/\s+/g, " ") : "";
    if (next === "idle") {
      // Nobody has typed for a while, so this takes the keyboard from nobody.
      before = document.activeElement;
      bar.querySelector("button[data-when=idle]").focus({ preventScroll: true });
    } else if (held || before) {
      if (before?.isConnected) before.focus({ preventScroll: true });
      before = null;
    }
  };

  const tick = async () => {
    const next = state();
    // Before it says anything new it asks: another tab may have been in use.
    const every = next === "over" ? LOOK_WHEN_OVER : LOOK;
    if (next !== shown || (next && Date.now() - looked > every)) {
      if (Date.now() - looked > 2 * SECOND) await look();
    }
    show(state());
  };

  bar.addEventListener("submit", async (event) => {
    event.preventDefault();
    await tell();
    delete bar.dataset.sending;
    show(state());
  });
  bar.querySelector("[data-close]").addEventListener("click", () => {
    closed = true;
    show(state());
  });
  document.addEventListener("input", async () => {
    if (state() === "over" || Date.now() - told < TELL) return;
    await tell();
    show(state());
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && state()) look().then(() => show(state()));
  });
  setInterval(tick, SECOND);
}

// A draft's clause saves itself while somebody types: three seconds after the last key.
// Where that can't be, the page says why, and the button is there as ever.
for (const form of document.querySelectorAll("form[data-autosave]")) {
  const REST = 3000;
  const said = form.querySelector("[data-autosaved]");
  let rest;
  let saving = Promise.resolve();
  const save = async () => {
    const body = new FormData(form);
    body.set("do", "autosave");
    try {
      const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
      const told = await answer.json();
      if (told.seen) form.elements.seen.value = told.seen;
      said.textContent = told.said;
    } catch {
      said.textContent = "Not saved yet. Press Save when you are ready.";
    }
  };
  form.addEventListener("input", () => {
    said.textContent = "";
    clearTimeout(rest);
    rest = setTimeout(() => (saving = saving.then(save)), REST);
  });
  form.addEventListener("submit", () => clearTimeout(rest));
}
