// What makes the pages better, which all work without it. Nothing here turns text into HTML.
"use strict";

const root = document.documentElement;
const find = (selector, within = document) => within.querySelector(selector);
const announce = (text) => { find("#announce").textContent = text; };

// ---- Theme -------------------------------------------------------------------------------------------------------
const dark = matchMedia("(prefers-color-scheme: dark)");
const shown = () => root.dataset.theme ?? (dark.matches ? "dark" : "light");
const showTheme = () => { root.dataset.shown = shown(); };
dark.addEventListener("change", showTheme);

function toggleTheme() {
  const next = shown() === "dark" ? "light" : "dark";
  const system = dark.matches ? "dark" : "light";
  if (next === system) delete root.dataset.theme;
  else root.dataset.theme = next;
  try {
    if (next === system) localStorage.removeItem("theme");
    else localStorage.setItem("theme", next);
  } catch {
    // It lasts as long as the page, then.
  }
  showTheme();
}

// ---- Copy --------------------------------------------------------------------------------------------------------
async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    const area = Object.assign(document.createElement("textarea"), { value: button.dataset.copy });
    document.body.append(area);
    area.select();
    document.execCommand("copy"); // where the page has no right to the clipboard, as over plain HTTP
    area.remove();
    button.focus();
  }
  button.classList.add("copied");
  announce("Copied");
  setTimeout(() => button.classList.remove("copied"), 1500);
}

// ---- Another state of the page, without loading it anew -----------------------------------------------------------
let underway;
const page = (href) => new URL(href, location.href).href.split("#")[0];
let current = page(location.href); // what is shown; going to a place within it is no other state

function swap(href, push = true) {
  underway?.abort();
  const asked = new XMLHttpRequest();
  underway = asked;
  const load = () => { location.assign(href); };
  asked.open("GET", href);
  asked.responseType = "document"; // parsed by the browser as a page is, and no script in it runs
  asked.onerror = load;
  asked.onload = () => {
    const main = asked.responseXML && find("main", asked.responseXML);
    if (!main) { load(); return; }
    const had = document.activeElement?.closest("main [data-focus]");
    const focused = had?.dataset.focus, place = had?.getBoundingClientRect().top;
    const inBox = document.activeElement?.matches("main input[type=search]");
    if (push) history.pushState({ swapped: true }, "", asked.responseURL || href);
    current = page(location.href);
    document.title = asked.responseXML.title;
    const kept = (it) => it.dataset.kept ?? it.id;
    const open = new Map([...document.querySelectorAll("main details[id]")].map((it) => [kept(it), it.open]));
    find("main").replaceWith(document.adoptNode(main));
    for (const it of document.querySelectorAll("main details[id]")) if (open.has(kept(it))) it.open = open.get(kept(it));
    ready();
    const again = focused && [...document.querySelectorAll("[data-focus]")].find((it) => it.dataset.focus === focused);
    if (again) {
      again.focus({ preventScroll: true });
      if (push) scrollBy({ top: again.getBoundingClientRect().top - place, behavior: "instant" }); // it stays under the pointer
    }
    else if (inBox) find("main input[type=search]")?.focus({ preventScroll: true });
    else if (push) { find("#results")?.focus({ preventScroll: true }); scrollTo({ top: 0 }); }
    announce(find("[data-said]")?.textContent.trim() ?? document.title);
  };
  asked.send();
}

// ---- Suggestions: an ARIA combobox --------------------------------------------------------------------------------
const WAIT = 120; // ms after a key, so that not every letter is asked for

function suggesting(form) {
  const input = find("input[type=search]", form);
  const list = Object.assign(document.createElement("ul"), { id: `${input.id}-suggestions`, className: "suggestions", hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  form.append(list);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id]])
    input.setAttribute(name, value);
  let chosen = -1, timer, asked, typed = input.value;

  const options = () => [...list.children];
  const close = () => {
    clearTimeout(timer);
    asked?.abort();
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (next) => {
    const all = options();
    chosen = (next + all.length + 1) % (all.length + 1);
    if (chosen === all.length) chosen = -1;
    all.forEach((it, index) => it.setAttribute("aria-selected", String(index === chosen)));
    if (chosen < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", all[chosen].id);
      all[chosen].scrollIntoView({ block: "nearest" });
    }
  };
  const take = (option) => {
    close();
    if (option.dataset.href) { location.assign(option.dataset.href); return; }
    input.value = typed = option.dataset.query;
    input.focus();
    if (option.dataset.more) ask();
    else form.requestSubmit();
  };
  const show = (suggestions) => {
    list.replaceChildren(...suggestions.map((it, index) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${index}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      Object.assign(option.dataset, { query: it.query, ...(it.href && { href: it.href }), ...(it.more && { more: "1" }) });
      option.append(symbol(it.icon), span("suggested", it.text), span("detail", it.detail));
      return option;
    }));
    chosen = -1;
    list.hidden = !suggestions.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    if (suggestions.length) announce(`${suggestions.length} suggestions`);
  };
  const ask = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      asked?.abort();
      asked = new AbortController();
      const text = input.value;
      if (!text.trim()) { close(); return; }
      try {
        const answer = await fetch(`/suggest?q=${encodeURIComponent(text)}`, { signal: asked.signal });
        const told = answer.ok ? await answer.json() : { suggestions: [] };
        if (input.value === text && document.activeElement === input) show(told.suggestions);
      } catch {
        // Another key was faster, or the stack does not answer: the box works without.
      }
    }, WAIT);
  };

  input.addEventListener("input", () => { if (input.value !== typed) { typed = input.value; ask(); } });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) { if (event.key === "ArrowDown" && !step(1)) ask(); }
      else choose(chosen + (event.key === "ArrowDown" ? 1 : chosen < 0 ? options().length + 1 : -1));
      event.preventDefault();
    } else if (event.key === "Enter" && !list.hidden && chosen >= 0) {
      take(options()[chosen]);
      event.preventDefault();
    } else if (event.key === "Escape") {
      if (list.hidden) input.blur();
      else close();
      event.preventDefault();
    }
  });
  input.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => { const option = event.target.closest("li"); if (option) take(option); });
  form.addEventListener("submit", (event) => {
    close();
    if (!form.closest("[data-swap-search]")) return;
    event.preventDefault();
    swap(`${form.action}?${new URLSearchParams(new FormData(form))}`);
  });
}

const SVG = "http://www.w3.org/2000/svg";
const sprite = () => find("svg.icon use")?.getAttribute("href").split("#")[0] ?? "";

function symbol(name) {
  const icon = document.createElementNS(SVG, "svg"), use = document.createElementNS(SVG, "use");
  icon.setAttribute("class", "icon");
  icon.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${sprite()}#${name}`);
  icon.append(use);
  return icon;
}

function span(name, text) {
  return Object.assign(document.createElement("span"), { className: name, textContent: text ?? "" });
}

// ---- Keys --------------------------------------------------------------------------------------------------------
function step(by) {
  const links = [...document.querySelectorAll("[data-hit]")];
  const next = links[links.indexOf(document.activeElement) + by];
  if (next) next.focus();
  else if (by < 0 && links.length) find("main input[type=search], .top input[type=search]")?.focus();
  return Boolean(next);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable], dialog[open]")) return;
  if (event.key === "/") {
    const input = find("main input[type=search]") ?? find(".top input[type=search]");
    input?.focus();
    input?.select();
    event.preventDefault();
  } else if (event.key === "?") find("#keys").showModal();
  else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (event.target.matches("[data-hit], #results") || event.target === document.body)) {
    if (step(event.key === "ArrowDown" ? 1 : -1)) event.preventDefault();
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.copy !== undefined) copy(button);
  else if (button?.matches("[data-theme-toggle]")) toggleTheme();
  else if (button?.matches("[data-help]")) find("#keys").showModal();
  const link = event.target.closest("a[href]");
  if (!link?.closest("[data-swap]") || link.pathname !== location.pathname) return; // another page has other styles
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  swap(link.href);
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || !event.target.matches("form[data-swap]")) return;
  event.preventDefault();
  swap(`${event.target.action}?${new URLSearchParams(new FormData(event.target))}`);
});
addEventListener("popstate", () => {
  if (page(location.href) === current) underway?.abort();
  else swap(location.href, false);
});

// ---- Ready -------------------------------------------------------------------------------------------------------
const narrow = matchMedia("(max-width: 920px)");

function ready(within = find("main")) {
  for (const button of document.querySelectorAll("button[data-copy], [data-theme-toggle], [data-help]")) button.hidden = false;
  for (const form of within.querySelectorAll("form[data-search]")) suggesting(form);
  if (narrow.matches) find(".facets-all", within)?.removeAttribute("open");
}

showTheme();
ready(document.body);
