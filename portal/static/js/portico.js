/* Comfort on top of pages that work without it. Nothing here is needed to get something done.
   No framework, no inline handlers: everything is found by data attributes and listens on the document,
   so that what HTMX swaps in later behaves the same. */
(() => {
  "use strict";

  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const text = (name) => ($("#portico-texts") || root).dataset[name] || "";
  const on = (type, selector, handler, options) =>
    document.addEventListener(type, (event) => {
      const target = event.target instanceof Element && event.target.closest(selector);
      if (target) handler(event, target);
    }, options);
  // Storage may be refused by the browser; the page must not notice.
  const store = (area) => ({
    get: (key) => { try { return window[area].getItem(key); } catch { return null; } },
    set: (key, value) => { try { window[area].setItem(key, value); } catch { /* full or forbidden */ } },
    remove: (key) => { try { window[area].removeItem(key); } catch { /* forbidden */ } },
    keys: () => { try { return Object.keys(window[area]); } catch { return []; } },
  });
  const local = store("localStorage"), session = store("sessionStorage");
  root.classList.add("js");

  const announce = (message) => {
    const region = $("#announcer");
    if (region) { region.textContent = ""; setTimeout(() => { region.textContent = message; }, 50); }
  };

  /* Theme: the cookie lets the server send the right one at once. */
  const themeNow = () => (document.cookie.match(/(?:^|; )theme=(light|dark)/) || [])[1] || "auto";
  const showTheme = (theme) => {
    if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme;
    $$("[data-set-theme]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.setTheme === theme)));
  };
  on("click", "[data-set-theme]", (event, button) => {
    const theme = button.dataset.setTheme, secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${theme}; Path=/; SameSite=Lax; Max-Age=${theme === "auto" ? 0 : 31536000}${secure}`;
    showTheme(theme);
  });

  /* Messages */
  on("click", "[data-dismiss]", (event, button) => button.closest(".alert").remove());
  const flash = (message) => {
    const template = $("#flash-template"), region = $("#flashes");
    if (!template || !region) return;
    const alert = template.content.firstElementChild.cloneNode(true);
    $(".alert-text", alert).textContent = message;
    region.replaceChildren(alert);
    alert.scrollIntoView({ block: "nearest" });
  };

  /* Menus close on a click elsewhere and on Escape; only one is open. */
  document.addEventListener("click", (event) => {
    $$("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
  const closeMenu = () => {
    const menu = $("details.menu[open]");
    if (!menu) return false;
    menu.open = false;
    $("summary", menu).focus();
    return true;
  };

  /* Dialogs */
  const openDialog = (id) => {
    const dialog = document.getElementById(id);
    if (dialog && dialog.showModal && !dialog.open) dialog.showModal();
  };
  on("click", "[data-open]", (event, button) => { closeMenu(); openDialog(button.dataset.open); });
  on("click", "dialog", (event, dialog) => { if (event.target === dialog) dialog.close(); });

  /* Lists: j and k move, x selects, e is the list's main action, Enter opens. */
  const rows = () => $$("[data-list] [data-row]");
  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const now = all.findIndex((row) => row.classList.contains("is-active"));
    const next = all[Math.max(0, Math.min(all.length - 1, now < 0 ? 0 : now + step))];
    all.forEach((row) => row.classList.toggle("is-active", row === next));
    const link = $(".row-link, a", next);
    if (link) link.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  };
  const showSelection = () => $$("[data-list]").forEach((list) => {
    const boxes = $$("[data-row] [data-select]", list), chosen = boxes.filter((box) => box.checked);
    boxes.forEach((box) => box.closest("[data-row]").classList.toggle("is-selected", box.checked));
    const all = $("[data-select-all]", list);
    if (all) { all.checked = chosen.length > 0 && chosen.length === boxes.length; all.indeterminate = chosen.length > 0 && !all.checked; }
    $$(`[data-selected-count="${list.id}"]`).forEach((place) => { place.textContent = chosen.length; });
    $$(`[data-needs-selection="${list.id}"]`).forEach((part) => { part.hidden = !chosen.length; });
  });
  on("change", "[data-select]", showSelection);
  on("change", "[data-select-all]", (event, all) => {
    $$("[data-row] [data-select]", all.closest("[data-list]")).forEach((box) => { box.checked = all.checked; });
    showSelection();
  });
  const actOnRow = (key) => {
    const row = $("[data-row].is-active");
    if (!row) return false;
    if (key === "x") {
      const box = $("[data-select]", row);
      if (box) box.click();
    } else {
      const target = $(key === "e" ? "[data-key-e]" : ".row-link", row);
      if (target) target.click();
    }
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && closeMenu()) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      const form = event.target.closest && event.target.closest("form[data-submit-keys], form:has([data-autosave])");
      if (form) form.requestSubmit();
      return;
    }
    const typing = event.target.closest && event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
    if (event.key === "/") {
      const search = $("[data-search-first]") || $$("[data-search]").find((input) => input.offsetParent);
      const link = $("[data-search-link]");
      if (search) { event.preventDefault(); search.focus(); search.select(); } else if (link) link.click();
    } else if (event.key === "?") {
      openDialog("keys");
    } else if (event.key === "j" || event.key === "k") {
      move(event.key === "j" ? 1 : -1);
    } else if (event.key === "x" || event.key === "e") {
      if (actOnRow(event.key)) event.preventDefault();
    } else if (event.key === "Enter" && event.target === document.body) {
      actOnRow("Enter");
    }
  });

  /* Forms: leaving, sending twice, keeping what was typed. */
  const changed = new WeakSet();
  let leaving = false;
  on("input", "form[data-warn-unsaved]", (event, form) => changed.add(form));
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && $$("form[data-warn-unsaved]").some((form) => changed.has(form))) event.preventDefault();
  });

  const setBusy = (form, busy) => $$("button:not([type=button]), input[type=submit]", form).forEach((button) => {
    if (busy) { button.disabled = true; button.dataset.wasBusy = ""; } else if ("wasBusy" in button.dataset) { button.disabled = false; delete button.dataset.wasBusy; }
    if (!busy || button === form.lastSubmitter) button.setAttribute("aria-busy", String(busy));
  });
  on("submit", "form", (event, form) => {
    if (event.defaultPrevented || form.method === "dialog" || form.target === "_blank" || "allowResubmit" in form.dataset) return;
    if (form.dataset.sending !== undefined) { event.preventDefault(); return; }
    if (form.method === "post") { leaving = true; keepSent(form); }
    form.dataset.sending = "";
    form.lastSubmitter = event.submitter;
    // After the browser has read the form, so that the button's own value is sent too.
    setTimeout(() => setBusy(form, true));
    setTimeout(() => release(form), 20000);
  });
  const release = (form) => { delete form.dataset.sending; leaving = false; setBusy(form, false); };
  window.addEventListener("pageshow", () => $$("form[data-sending]").forEach(release));

  // Drafts live in this browser, under the person's name, until the form was accepted.
  const draftKey = (field) => `portico:draft:${document.body.dataset.user || ""}:${field.dataset.autosave}`;
  const keepSent = (form) => {
    if ("forgetDrafts" in form.dataset) local.keys().filter((key) => key.startsWith("portico:draft:")).forEach(local.remove);
    $$("[data-autosave]", form).forEach((field) => session.set(`portico:sent:${draftKey(field)}`, "1"));
  };
  const forgetAccepted = () => {
    // An error page accepted nothing, so what was sent stays a draft.
    if ("pageError" in document.body.dataset) { session.keys().filter((key) => key.startsWith("portico:sent:")).forEach(session.remove); return; }
    session.keys().filter((key) => key.startsWith("portico:sent:")).forEach((key) => {
      const draft = key.slice("portico:sent:".length);
      // Somebody whose session had ended was led to the sign-in page: nothing was accepted.
      if (!draft.startsWith(`portico:draft:${document.body.dataset.user || ""}:`)) { session.remove(key); return; }
      const refused = $$("[data-autosave]").some((field) => draftKey(field) === draft && (field.value || $(".error-summary")));
      if (!refused) local.remove(draft);
      session.remove(key);
    });
  };
  const restore = (field) => {
    const draft = local.get(draftKey(field));
    if (field.dataset.restored !== undefined) return;
    field.dataset.restored = "";
    if (!draft || draft === field.value || field.value) return;
    field.value = draft;
    const note = document.createElement("p"), undo = document.createElement("button");
    note.className = "field-meta";
    note.append(text("restored"), undo);
    undo.type = "button"; undo.className = "as-link"; undo.textContent = text("discard");
    undo.addEventListener("click", () => { field.value = ""; local.remove(draftKey(field)); note.remove(); field.focus(); count(field); });
    field.after(note);
  };
  let saving;
  on("input", "[data-autosave]", (event, field) => {
    clearTimeout(saving);
    saving = setTimeout(() => { if (field.value.trim()) local.set(draftKey(field), field.value); else local.remove(draftKey(field)); }, 500);
  });

  const count = (field) => {
    const place = document.getElementById(`${field.id}-count`), limit = Number(field.dataset.count || field.maxLength);
    if (!place || limit <= 0) return;
    const left = limit - field.value.length;
    place.textContent = (left < 0 ? text("tooMany") : text("left")).replace("{n}", Math.abs(left).toLocaleString(root.lang));
    place.classList.toggle("text-bad", left < 0);
  };
  on("input", "[data-count]", (event, field) => count(field));

  // A prepared text goes where the cursor stands in another field; the link itself does the same by a new page.
  on("click", "[data-insert]", (event, link) => {
    const field = $(link.dataset.insertInto), choice = link.dataset.insertChoice && $(link.dataset.insertChoice);
    if (!field) return;
    event.preventDefault();
    if (choice) choice.checked = true;
    const start = field.selectionStart, gap = start && field.value[start - 1] !== "\n" ? "\n" : "";
    field.setRangeText(`${gap}${link.dataset.insert}\n`, start, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });

  const size = (bytes) => {
    const unit = bytes < 1e6 ? ["kilobyte", 1e3] : ["megabyte", 1e6];
    return new Intl.NumberFormat(root.lang, { style: "unit", unit: unit[0], maximumFractionDigits: 1 }).format(Math.max(bytes / unit[1], 0.1));
  };
  on("change", "input[type=file]", (event, input) => {
    const list = document.getElementById(`${input.id}-files`);
    if (!list) return;
    const limit = Number(input.dataset.maxBytes || 0);
    list.replaceChildren(...[...input.files].map((file) => {
      const item = document.createElement("li"), name = document.createElement("span"), info = document.createElement("span");
      const over = limit && file.size > limit;
      name.textContent = file.name;
      info.textContent = over ? `${size(file.size)}: ${text("tooLarge").replace("{limit}", size(limit))}` : size(file.size);
      info.className = over ? "text-bad" : "muted";
      item.append(name, info);
      return item;
    }));
  });

  /* Copy buttons on code */
  const codeName = (block, language) => {
    const number = $$(".prose pre, [data-copyable]").indexOf(block) + 1;
    return text(language ? "codeIn" : "code").replace("{n}", number).replace("{language}", language);
  };
  const addCopyButtons = (from) => $$(".prose pre, [data-copyable]", from).forEach((block) => {
    const frame = block.closest(".code, .highlight") || block;
    if (!navigator.clipboard || frame.classList.contains("has-copy") || !text("copy")) return;
    let holder = frame;
    if (frame === block) { holder = document.createElement("div"); holder.className = "code"; block.replaceWith(holder); holder.append(block); }
    const button = document.createElement("button");
    button.type = "button"; button.className = "btn btn-small copy no-print"; button.textContent = text("copy");
    button.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(block.innerText); } catch { return; }
      button.textContent = text("copied"); announce(text("copied"));
      setTimeout(() => { button.textContent = text("copy"); }, 2000);
    });
    holder.classList.add("has-copy");
    holder.append(button);
    // A block that scrolls sideways must be reachable by keyboard.
    if (block.scrollWidth > block.clientWidth) { holder.classList.add("copy-above"); block.tabIndex = 0; block.setAttribute("role", "region"); block.setAttribute("aria-label", codeName(block, frame.dataset.language)); }
  });

  /* HTMX: same care for what is swapped in. */
  const formOf = (event) => event.detail.elt && event.detail.elt.closest("form");
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = formOf(event);
    if (form && event.detail.elt === form && form.method === "post") { form.lastSubmitter = event.detail.requestConfig.triggeringEvent && event.detail.requestConfig.triggeringEvent.submitter; setBusy(form, true); }
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = formOf(event);
    if (!form || event.detail.elt !== form) return;
    setBusy(form, false);
    if (event.detail.xhr.status < 400 && event.detail.successful && form.method === "post") { changed.delete(form); keepSent(form); leaving = Boolean(event.detail.xhr.getResponseHeader("HX-Redirect")); if (!leaving) forgetAccepted(); }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const part = event.detail.target && event.detail.target.isConnected ? event.detail.target : document.getElementById(event.detail.target && event.detail.target.id);
    ready(part || document);
    // A live region that is itself replaced is read by nobody, so what came is said by the one that stays.
    const said = part && part.dataset && part.dataset.announce, region = $("#announcer");
    if (said && region && region.textContent !== said) announce(said);
    const place = part && ($(".error-summary", part) || $("[data-focus]", part));
    if (place) { if (!place.hasAttribute("tabindex")) place.tabIndex = -1; place.focus(); }
  });
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401) { location.reload(); return; }
    const known = { 403: "error403", 404: "error404", 413: "error413", 429: "error429" };
    flash(text(known[status] || "error500"));
  });
  document.addEventListener("htmx:sendError", () => flash(text("offline")));
  document.addEventListener("htmx:timeout", () => flash(text("offline")));

  // The words marked in a difference are those a remark is about.
  let markedWords = "";
  document.addEventListener("selectionchange", () => {
    const selection = document.getSelection(), place = selection.anchorNode && selection.anchorNode.parentElement;
    if (!selection.isCollapsed && place && place.closest(".diff")) markedWords = selection.toString().replace(/\s+/g, " ").trim().slice(0, 500);
  });
  on("click", "[data-remark] summary", (event, summary) => {
    const passage = $("[name=passage]", summary.parentElement);
    if (passage && !passage.value) passage.value = markedWords;
  });

  /* The contents list marks the part that is being read. */
  const followContents = () => {
    const links = $$(".toc a[href^='#']").map((link) => [document.getElementById(decodeURIComponent(link.hash.slice(1))), link]).filter(([heading]) => heading);
    if (!links.length) return;
    let due = false, marked = null;
    const mark = () => {
      due = false;
      const atEnd = window.innerHeight + window.scrollY >= root.scrollHeight - 2;
      const above = links.filter(([heading]) => heading.getBoundingClientRect().top < window.innerHeight / 4);
      const now = (atEnd && window.scrollY > 0 ? links : above.length ? above : links.slice(0, 1)).at(-1)[1];
      if (now === marked) return;
      if (marked) marked.removeAttribute("aria-current");
      now.setAttribute("aria-current", "location");
      marked = now;
      const list = now.closest(".toc");
      if (list.scrollHeight > list.clientHeight) list.scrollTop = now.offsetTop - list.clientHeight / 2;
    };
    const soon = () => { if (!due) { due = true; requestAnimationFrame(mark); } };
    window.addEventListener("scroll", soon, { passive: true });
    window.addEventListener("resize", soon, { passive: true });
    mark();
  };

  const ready = (from) => {
    addCopyButtons(from);
    // A table that is wider than the screen is scrolled with the keyboard once it can have the focus.
    $$(".prose table", from).forEach((table) => { if (table.scrollWidth > table.clientWidth) table.tabIndex = 0; });
    $$("[data-count]", from).forEach(count);
    $$("[data-autosave]", from).forEach(restore);
    showSelection();
  };
  document.addEventListener("portico:added", (event) => ready(event.detail));
  const start = () => {
    showTheme(themeNow());
    forgetAccepted();
    ready(document);
    followContents();
    const first = $(".error-summary:not([data-sample] *)");
    if (first) first.focus();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();
