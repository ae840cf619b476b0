// Assisted linking by keyboard. Without this script every task is on the page with its own buttons.
"use strict";

(() => {
  const tasks = document.querySelector("[data-tasks]");
  const said = document.querySelector("[data-said]");
  const words = document.querySelector("[data-words]").dataset;
  const empty = document.querySelector("[data-empty]");
  const recent = document.querySelector("[data-recent]");
  const dialog = document.querySelector("[data-dialog]");
  const keys = document.querySelector("[data-keys]");
  const AHEAD = 5; // tasks left when the next ones are fetched
  const made = []; // decisions made on this page, the latest last
  let current = null;
  let busy = false;
  let loading = false;

  const all = () => [...tasks.querySelectorAll("[data-task]")];

  function say(text, wrong = false) {
    said.textContent = text;
    said.classList.toggle("review-said-wrong", wrong);
  }

  function fragment(html) {
    const made = document.createElement("template");
    made.innerHTML = html; // our own server's page part, escaped there
    return made.content;
  }

  function show(task) {
    current = task || null;
    for (const one of all()) one.hidden = one !== current;
    empty.hidden = current !== null;
    if (current) current.focus({ preventScroll: true });
    fetchMore();
  }

  function move(step) {
    const listed = all();
    const place = listed.indexOf(current) + step;
    if (place < 0) return say(words.first);
    if (place >= listed.length) return say(words.last);
    say("");
    show(listed[place]);
  }

  async function fetchMore() {
    const marker = [...tasks.querySelectorAll("[data-after]")].pop();
    const listed = all();
    const left = listed.length - 1 - listed.indexOf(current);
    if (loading || !tasks.dataset.more || !marker || !marker.dataset.after || left > AHEAD) return;
    loading = true;
    const address = new URL(tasks.dataset.more, location.href);
    address.searchParams.set("after", marker.dataset.after);
    marker.dataset.after = "";
    try {
      const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
      if (answer.status === 200) {
        const more = fragment(await answer.text());
        for (const one of more.querySelectorAll("[data-task]")) {
          one.hidden = true;
          if (document.getElementById(one.id)) one.remove();
        }
        tasks.append(more);
        if (!current) show(all()[0]);
      }
    } catch {
      marker.dataset.after = address.searchParams.get("after");
    } finally {
      loading = false;
    }
  }

  async function post(form, more) {
    const fields = new FormData(form);
    for (const [name, value] of Object.entries(more)) fields.set(name, value);
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(fields), headers: { "X-Requested-With": "fetch" }, redirect: "error" });
    if (!(answer.headers.get("Content-Type") || "").startsWith("application/json")) throw new Error(String(answer.status));
    return { ok: answer.ok, told: await answer.json() };
  }

  function replaceTask(task, html) {
    const listed = all();
    const next = listed[listed.indexOf(task) + 1] || listed[listed.indexOf(task) - 1] || null;
    if (html) {
      const part = fragment(html).querySelector("[data-task]");
      if (task) task.replaceWith(part);
      else tasks.prepend(part);
      return part;
    }
    if (task) task.remove();
    return next;
  }

  function keepRecent(told) {
    if (!recent) return;
    const part = fragment(told.recent).firstElementChild;
    const there = recent.querySelector(`[data-decision="${told.decision}"]`);
    if (there) there.replaceWith(part);
    else recent.prepend(part);
    while (recent.children.length > 10) recent.lastElementChild.remove();
  }

  function count(counts) {
    for (const [state, number] of Object.entries(counts || {})) {
      const there = document.querySelector(`[data-count="${state}"]`);
      if (there) there.textContent = String(number);
    }
  }

  async function decide(form, more) {
    if (busy) return;
    busy = true;
    const task = form.closest("[data-task]");
    task.classList.add("task-busy");
    try {
      const { ok, told } = await post(form, more);
      if (ok) {
        made.push(told.decision);
        keepRecent(told);
        count(told.counts);
      }
      say(told.said, !ok);
      show(replaceTask(task, told.html));
    } catch {
      say(words.failed, true);
      task.classList.remove("task-busy");
    } finally {
      busy = false;
    }
  }

  async function undo(form, decision) {
    if (busy) return;
    busy = true;
    try {
      const { ok, told } = await post(form, {});
      say(told.said, !ok);
      if (ok) {
        keepRecent(told);
        const place = made.lastIndexOf(decision);
        if (place >= 0) made.splice(place, 1);
        const there = document.getElementById(`task-${told.proposal}`);
        count(told.counts);
        if (told.html) show(replaceTask(there, told.html));
      }
    } catch {
      say(words.failed, true);
    } finally {
      busy = false;
    }
  }

  function undoLast() {
    const last = made[made.length - 1];
    const form = recent && last !== undefined && recent.querySelector(`[data-decision="${last}"] [data-undo]`);
    if (!form) return say(words.nothing);
    undo(form, last);
  }

  function mainForm() {
    return current && current.querySelector("[data-decide] [name=outcome][value=link]")?.form;
  }

  function chosen() {
    return current && current.querySelector("input[name=subject]:checked");
  }

  function choose(key) {
    const radio = current && current.querySelector(`input[data-key="${key}"]`);
    if (!radio) return;
    if (radio.checked) return void decide(mainForm(), { outcome: "link" });
    radio.checked = true;
    say(words.chosen + current.querySelector(`label[for="${radio.id}"]`).textContent.replace(/\s+/g, " ").trim());
  }

  function withChoice(outcome) {
    const radios = current ? current.querySelectorAll("input[name=subject]") : [];
    const radio = chosen() || (outcome === "not_same" && radios.length === 1 ? radios[0] : null);
    const form = mainForm();
    if (!form) return;
    if (!radio) return say(words.choose, true);
    decide(form, { outcome, subject: radio.value });
  }

  // A Chinese input method takes the letters: then the key's place on the keyboard tells which one was meant.
  function keyOf(event) {
    if (event.key.length === 1 && event.key.charCodeAt(0) < 128) return event.key.toLowerCase();
    if (/^Key[A-Z]$/.test(event.code)) return event.code.slice(3).toLowerCase();
    if (/^(Digit|Numpad)[0-9]$/.test(event.code)) return event.code.slice(-1);
    if (event.code === "Slash") return event.shiftKey ? "?" : "/";
    return event.key;
  }

  const actions = {
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    0: () => mainForm() && decide(mainForm(), { outcome: "none" }),
    n: () => withChoice("not_same"),
    s: () => current?.querySelector("input[name=note]")?.select(),
    u: undoLast,
    Enter: () => withChoice("link"),
    "/": () => document.getElementById("filter")?.focus(),
    "?": () => dialog?.showModal(),
  };
  for (const digit of [1, 2, 3, 4, 5]) actions[digit] = () => choose(digit);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog?.open) {
      if (dialog?.open && keyOf(event) === "?") dialog.close();
      return;
    }
    const target = event.target;
    if (target.matches("input[type=text], textarea, select")) {
      if (event.key === "Escape") target.blur();
      return;
    }
    const key = keyOf(event);
    if (keys && !keys.checked && key.length === 1) return;
    if (target.matches("a, button, summary") && (key === "Enter" || key === " ")) return;
    if (target.matches("input[type=radio]") && key.startsWith("Arrow")) return;
    if (!Object.hasOwn(actions, key)) return;
    event.preventDefault();
    if (!event.repeat || key === "j" || key === "k" || key.startsWith("Arrow")) actions[key]();
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-undo]")) {
      event.preventDefault();
      undo(form, Number(form.closest("[data-decision]").dataset.decision));
    } else if (form.matches("[data-decide]")) {
      event.preventDefault();
      const outcome = event.submitter?.value || "link";
      if (outcome === "link" || outcome === "not_same") withChoice(outcome);
      else decide(form, { outcome });
    }
  });

  const help = document.querySelector("[data-help]");
  if (help) {
    help.hidden = false;
    help.addEventListener("click", () => dialog.showModal());
  }
  if (keys) {
    keys.checked = localStorage.getItem("review-keys") !== "off";
    keys.addEventListener("change", () => localStorage.setItem("review-keys", keys.checked ? "on" : "off"));
  }
  show(all()[0]);
})();
