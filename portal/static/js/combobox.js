/* Suggestions under a search field while somebody types: the combobox of the ARIA practices, with a list of its own.
   The form works without it. The keys: down and up choose, Enter opens what is chosen or else searches, Escape closes. */
(() => {
  "use strict";

  const WAIT = 120, LEAST = 2;
  const text = (name) => document.getElementById("portico-texts").dataset[name];

  const say = (message) => {
    const region = document.getElementById("announcer");
    region.textContent = "";
    setTimeout(() => { region.textContent = message; }, 50);
  };

  const makeOption = (item, id) => {
    const option = document.createElement("li"), title = document.createElement("span"), kind = document.createElement("span");
    title.textContent = item.title;
    kind.textContent = item.kind;
    kind.className = "combobox-kind";
    option.className = "combobox-option";
    option.id = id;
    option.dataset.url = item.url;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.append(title, " ", kind);
    return option;
  };

  const serve = (input) => {
    const list = document.createElement("ul");
    let waiting = 0, asking = null, shownFor = "", chosen = -1;
    list.id = `${input.id}-list`;
    list.className = "combobox-list";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", text("suggestions"));
    input.after(list);
    const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" };
    Object.entries(attributes).forEach(([name, value]) => input.setAttribute(name, value));

    const choose = (place) => {
      chosen = place;
      [...list.children].forEach((option, n) => option.setAttribute("aria-selected", String(n === place)));
      const option = list.children[place];
      if (!option) { input.removeAttribute("aria-activedescendant"); return; }
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    };
    const show = (open) => {
      list.hidden = !open;
      input.setAttribute("aria-expanded", String(open));
      if (!open) choose(-1);
    };
    const forget = () => {
      clearTimeout(waiting);
      if (asking) asking.abort();
      asking = null;
    };
    const open = (option) => { forget(); show(false); location.assign(option.dataset.url); };

    const ask = async () => {
      const words = input.value.trim(), question = new AbortController();
      forget();
      if (words.length < LEAST) { list.replaceChildren(); show(false); return; }
      asking = question;
      try {
        const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(words)}`, { signal: question.signal });
        const items = answer.ok ? await answer.json() : [];
        if (asking !== question) return;
        list.replaceChildren(...items.map((item, n) => makeOption(item, `${list.id}-${n}`)));
        shownFor = words;
        show(items.length > 0 && document.activeElement === input);
        if (!list.hidden) say(text("suggested").replace("{n}", items.length));
      } catch { /* Asked anew, or no connection: the field works without a list. */ }
    };

    input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, WAIT); });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
      const count = list.children.length;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        if (!count || (list.hidden && shownFor !== input.value.trim())) return;
        const down = event.key === "ArrowDown";
        // Past either end the field itself is chosen again, which stands between the last and the first.
        const next = list.hidden ? (down ? 0 : count - 1) : (chosen + 1 + (down ? 1 : count)) % (count + 1) - 1;
        event.preventDefault();
        show(true);
        choose(next);
      } else if (event.key === "Enter" && !list.hidden && chosen >= 0) {
        event.preventDefault();
        open(list.children[chosen]);
      } else if (event.key === "Escape" && !list.hidden) {
        // The first Escape closes the list and keeps what was typed.
        event.preventDefault();
        event.stopPropagation();
        forget();
        show(false);
      } else if (event.key === "Home" || event.key === "End") choose(-1);
    });
    input.addEventListener("blur", () => { forget(); show(false); });
    if (input.form) input.form.addEventListener("submit", () => { forget(); show(false); });
    // The field keeps the focus, so that the list stays open until the click is done.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) open(option);
    });
  };

  const start = () => document.querySelectorAll("[data-suggest]").forEach(serve);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();
