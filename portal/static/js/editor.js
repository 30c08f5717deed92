/* The editor of an article: keeps what is typed on the server and, when that does not answer, in this browser;
   shows the page beside the text; takes pictures that are pasted or dropped. Without it the same is done by buttons. */
(() => {
  "use strict";
  const form = document.querySelector("form[data-editor]");
  if (!form) return;
  const body = form.elements.body, preview = document.getElementById("preview");
  const toggle = form.querySelector("[data-toggle-preview]"), state = form.querySelector("[data-editor-state]");
  const said = form.dataset;
  const say = (words, isBad) => {
    if (state.textContent !== words) state.textContent = words;
    state.classList.toggle("text-bad", Boolean(isBad));
  };

  /* What is typed, as names and values; tokens change with every page and files are sent at once. */
  const passing = ["csrf_token", "form_token", "file", "alternative_text"];
  const typed = () => [...new FormData(form)].filter(([name]) => !passing.includes(name));
  const written = () => JSON.stringify(typed());
  // The name begins as portico.js names drafts, which forgets one when its form was accepted.
  const copy = `portico:draft:${document.body.dataset.user || ""}:editor-${said.editor}`;
  const sent = `portico:sent:${copy}`;
  const keepHere = () => {
    try { localStorage.setItem(copy, written()); return true; } catch { return false; }
  };
  const forgetHere = () => { try { localStorage.removeItem(copy); } catch { /* forbidden */ } };

  const putBack = () => {
    let kept;
    try { kept = localStorage.getItem(copy); } catch { return; }
    if (!kept || kept === written()) { forgetHere(); return; }
    let fields;
    try { fields = new Map(Object.entries(Object.groupBy(JSON.parse(kept), ([name]) => name))); } catch { forgetHere(); return; }
    for (const field of form.elements) {
      if (!field.name || passing.includes(field.name) || field.type === "submit") continue;
      const values = (fields.get(field.name) || []).map(([, value]) => value);
      if (field.multiple) for (const option of field.options) option.selected = values.includes(option.value);
      else if (values.length) field.value = values[0];
    }
    say(said.broughtBack);
    changed();
  };

  /* Keeping: a moment after the last key, one request at a time; the newest text wins. */
  let last = written(), waiting = 0, under = null, again = false, isSaving = false;
  const keep = async (options = {}) => {
    clearTimeout(waiting);
    if (isSaving || written() === last) return;
    if (under) { again = true; return; }
    const now = written();
    keepHere();
    const data = new FormData(form);
    data.delete("file");
    under = fetch(said.keep, { method: "POST", body: data, headers: { Accept: "application/json" }, redirect: "manual", ...options })
      .then(async (answer) => {
        if (answer.type === "opaqueredirect") return say(said.signedOut, true);
        if (!answer.ok) return say(answer.status === 422 ? (await answer.json()).refused : said.kept, true);
        say((await answer.json()).said);
        last = now;
        if (written() === now) forgetHere();
        return null;
      })
      .catch(() => { say(said.kept, true); waiting = setTimeout(keep, 10000); });
    await under;
    under = null;
    if (again) { again = false; await keep(); }
  };
  const changed = () => {
    clearTimeout(waiting);
    waiting = setTimeout(keep, 1500);
    show();
  };
  form.addEventListener("input", (event) => {
    if (event.target.type === "file" || event.target.name === "alternative_text") return;
    changed();
  });
  window.addEventListener("online", () => keep());
  document.addEventListener("visibilitychange", () => { if (document.hidden && written() !== last) { keepHere(); keep({ keepalive: body.value.length < 50000 }); } });

  // A draft that arrived after the version it became would come back as if it had never been saved.
  form.addEventListener("submit", (event) => {
    clearTimeout(waiting);
    if (event.submitter && event.submitter.formAction && "addFile" in event.submitter.dataset) return;
    keepHere();
    try { sessionStorage.setItem(sent, "1"); } catch { /* forbidden */ }
    const wait = isSaving ? null : under;
    isSaving = true;
    if (!wait) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const submitter = event.submitter;
    Promise.race([wait, new Promise((done) => { setTimeout(done, 4000); })]).then(() => form.requestSubmit(submitter));
  }, true);
  // Back from the next page, or the sending was stopped: keeping goes on.
  window.addEventListener("pageshow", () => { isSaving = false; });

  /* The page beside the text, as the server makes it. Its place is fixed, so nothing jumps. */
  let showing = 0, asked = "";
  const isOpen = () => !preview.hidden;
  const show = (delay = 400) => {
    if (!isOpen()) return;
    clearTimeout(showing);
    showing = setTimeout(async () => {
      const now = `${form.elements.title.value}\n${body.value}`;
      if (now === asked) return;
      asked = now;
      const data = new FormData(form);
      data.delete("file");
      const answer = await fetch(said.preview, { method: "POST", body: data, redirect: "manual" }).catch(() => null);
      if (!answer || !answer.ok || asked !== now) { asked = ""; return; }
      preview.innerHTML = await answer.text();
      follow();
      document.dispatchEvent(new CustomEvent("portico:added", { detail: preview }));
    }, delay);
  };
  const setPreview = (open) => {
    preview.hidden = !open;
    toggle.setAttribute("aria-pressed", String(open));
    form.classList.toggle("has-preview", open);
    try { localStorage.setItem("portico:preview", open ? "1" : ""); } catch { /* forbidden */ }
    show(0);
  };
  toggle.addEventListener("click", () => setPreview(!isOpen()));
  // The page follows the text: as far down as the text is scrolled.
  const follow = () => {
    const room = body.scrollHeight - body.clientHeight;
    if (isOpen() && room > 0) preview.scrollTop = (body.scrollTop / room) * (preview.scrollHeight - preview.clientHeight);
  };
  body.addEventListener("scroll", follow, { passive: true });

  /* Inserting where the cursor stands, so that it can be undone. */
  const insert = (words) => {
    body.focus();
    if (!document.execCommand("insertText", false, words)) body.setRangeText(words, body.selectionStart, body.selectionEnd, "end");
    changed();
  };
  const onOwnLine = (words) => {
    const before = body.value.slice(0, body.selectionStart), after = body.value.slice(body.selectionEnd);
    insert(`${before && !before.endsWith("\n\n") ? (before.endsWith("\n") ? "\n" : "\n\n") : ""}${words}${after.startsWith("\n") ? "\n" : "\n\n"}`);
  };
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (button) onOwnLine(button.dataset.insert);
  });

  /* Pictures and files: pasted, dropped or chosen. A picture is asked for its words first. */
  const dialog = document.getElementById("picture-words"), words = document.getElementById("picture-words-text"), sample = dialog.querySelector("img");
  const askWords = (file) => new Promise((done) => {
    words.value = "";
    dialog.querySelector("[data-picture-name]").textContent = file.name;
    const reader = new FileReader();
    reader.addEventListener("load", () => { sample.src = reader.result; sample.hidden = false; });
    reader.readAsDataURL(file);
    dialog.returnValue = "";
    dialog.showModal();
    words.focus();
    dialog.addEventListener("close", () => { sample.hidden = true; sample.removeAttribute("src"); done(dialog.returnValue === "add" ? words.value.trim() : null); }, { once: true });
  });
  const add = async (file, alternative) => {
    const data = new FormData(form);
    data.set("file", file, file.name);
    data.set("alternative_text", alternative);
    say(said.adding.replace("{name}", file.name));
    const answer = await fetch(said.files, { method: "POST", body: data, headers: { Accept: "application/json" }, redirect: "manual" }).catch(() => null);
    if (!answer) return say(said.failed, true);
    if (answer.type === "opaqueredirect") return say(said.signedOut, true);
    if (answer.ok) { say(""); asked = ""; return onOwnLine((await answer.json()).markdown); }
    if (answer.status === 413) return say(said.tooLarge, true);
    return say(answer.status === 422 ? (await answer.json()).refused : said.failed, true);
  };
  const addAll = async (files) => {
    for (const file of files) {
      const alternative = file.type.startsWith("image/") ? await askWords(file) : "";
      if (alternative !== null) await add(file, alternative);
    }
    body.focus();
  };
  const holdsFiles = (transfer) => transfer && [...transfer.types].includes("Files");
  body.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    // A copied table brings a picture of itself along; its words are what is meant.
    if (!files.length || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    addAll(files);
  });
  body.addEventListener("dragover", (event) => { if (holdsFiles(event.dataTransfer)) { event.preventDefault(); body.classList.add("is-drop-target"); } });
  body.addEventListener("dragleave", () => body.classList.remove("is-drop-target"));
  body.addEventListener("drop", (event) => {
    body.classList.remove("is-drop-target");
    if (!holdsFiles(event.dataTransfer)) return;
    event.preventDefault();
    addAll([...event.dataTransfer.files]);
  });
  const chooser = Object.assign(document.createElement("input"), { type: "file", multiple: true, hidden: true });
  chooser.addEventListener("change", () => { addAll([...chooser.files]); chooser.value = ""; });
  form.querySelector("[data-choose-file]").addEventListener("click", () => chooser.click());
  // The field for files does at once what it does without a script.
  form.querySelector("[data-add-file]").addEventListener("click", async (event) => {
    const field = form.elements.file;
    if (!field.files.length) return;
    event.preventDefault();
    await add(field.files[0], form.elements.alternative_text.value);
    field.value = ""; form.elements.alternative_text.value = "";
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });

  putBack();
  let wanted = "";
  try { wanted = localStorage.getItem("portico:preview"); } catch { /* forbidden */ }
  if (!preview.hidden || (wanted && matchMedia("(min-width: 64rem)").matches)) setPreview(true);
})();
