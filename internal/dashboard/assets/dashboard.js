// What the pages do beyond plain HTML: keep a stream open while somebody looks, say how fresh it is, let clocks and bars
// run between two events, copy, and mark what changed. Every page works without.
(() => {
  "use strict";
  document.documentElement.classList.add("js");

  // Live is the event source that htmx is given. Behind it a real one comes and goes: none while the page is hidden or
  // paused, a new one when it was cut off. It says what it has seen, so that nothing is missed and nothing sent twice.
  class Live extends EventTarget {
    static all = new Set();

    constructor(url) {
      super();
      this.url = url;
      this.readyState = EventSource.CONNECTING;
      this.names = new Set();
      Live.all.add(this);
      this.addEventListener("beat", () => {});
      this.sync();
    }

    addEventListener(name, listener) {
      super.addEventListener(name, listener);
      if (!this.names.has(name)) {
        this.names.add(name);
        this.source?.addEventListener(name, this.pass);
      }
    }

    pass = (event) => {
      this.seen = event.lastEventId || this.seen;
      fresh.at = performance.now();
      this.dispatchEvent(new MessageEvent(event.type, { data: event.data, lastEventId: event.lastEventId }));
    };

    sync() {
      const wanted = !this.closed && !document.hidden && !paused();
      if (!wanted) {
        this.drop();
      } else if (!this.source) {
        this.open();
      }
      freshness();
    }

    open() {
      const url = new URL(this.url, location.href);
      if (this.seen) url.searchParams.set("seen", this.seen);
      this.source = new EventSource(url);
      for (const name of this.names) this.source.addEventListener(name, this.pass);
      this.source.onopen = () => {
        this.up = true;
        fresh.at = performance.now();
        this.onopen?.(new Event("open"));
        freshness();
      };
      this.source.onerror = () => {
        this.up = false;
        if (this.source.readyState === EventSource.CLOSED) { // refused: the browser does not come again by itself
          this.drop();
          this.again = setTimeout(() => this.sync(), 1000);
        }
        freshness();
      };
    }

    drop() {
      clearTimeout(this.again);
      this.source?.close();
      this.source = null;
      this.up = false;
    }

    close() {
      this.closed = true;
      this.readyState = EventSource.CLOSED;
      Live.all.delete(this);
      this.drop();
      freshness();
    }
  }

  const fresh = { at: 0 };
  const switched = () => document.getElementById("pause");
  const paused = () => switched()?.getAttribute("aria-pressed") === "true";

  // freshness says whether what is shown is live, and how old it is if not.
  function freshness() {
    const badge = document.getElementById("freshness");
    if (!badge) return;
    const live = [...Live.all];
    const age = fresh.at ? Math.round((performance.now() - fresh.at) / 1000) : 0;
    const ago = fresh.at ? `, as of ${length(age * 1000)} ago` : "";
    let state = "off", text = "Not live";
    if (document.hidden && live.length) [state, text] = ["hidden", "Waits while hidden"];
    else if (paused()) [state, text] = ["paused", `Paused${ago}`];
    else if (live.some((one) => one.up)) [state, text] = ["on", age > 12 ? `Live${ago}` : "Live"];
    else if (live.length) [state, text] = ["lost", `Connecting${ago}`];
    if (badge.dataset.live !== state) badge.dataset.live = state;
    const words = document.getElementById("freshness-text");
    if (words.textContent !== text) words.textContent = text;
  }

  // length writes a length of time like the server does.
  function length(ms) {
    const s = ms / 1000, two = (n) => String(Math.floor(n)).padStart(2, "0");
    if (ms <= 0) return "0 s";
    if (s < 1) return `${Math.round(ms)} ms`;
    if (s < 10) return `${s.toFixed(1)} s`;
    if (s < 60) return `${Math.floor(s)} s`;
    if (s < 3600) return `${Math.floor(s / 60)} m ${two(s % 60)} s`;
    if (s < 86400) return `${Math.floor(s / 3600)} h ${two((s % 3600) / 60)} m`;
    return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
  }

  // Between two events time passes by itself, at the rate of the account's clock.
  const begun = new WeakMap();
  function tick() {
    freshness();
    if (document.hidden) return;
    const now = performance.now();
    for (const el of document.querySelectorAll("[data-tick]")) {
      const shown = el.dataset.clock ?? el.dataset.left;
      let since = begun.get(el);
      if (since?.shown !== shown) begun.set(el, (since = { shown, at: now }));
      const rate = Number(el.dataset.rate);
      if (rate === 0 || paused()) continue;
      const passed = (now - since.at) * rate;
      if (el.dataset.clock) {
        el.textContent = new Date(Number(shown) + passed).toISOString().slice(0, 19).replace("T", " ");
      } else if (el.tagName === "PROGRESS") {
        el.value = Math.min(el.max, el.max - Number(shown) + passed);
      } else {
        el.textContent = length(Math.max(0, Number(shown) - passed));
      }
    }
  }

  // What changed its state says so once, by an animation of the stylesheet. The next event takes the class away, too.
  const changed = new MutationObserver((changes) => {
    for (const { target, oldValue, attributeName } of changes) {
      if (oldValue !== target.getAttribute(attributeName)) target.classList.add("moved");
    }
  });
  document.addEventListener("animationend", ({ target }) => target.classList.remove("moved"));

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (button?.id === "pause") {
      const on = !paused();
      button.setAttribute("aria-pressed", String(on));
      button.textContent = on ? "Resume" : "Pause";
      for (const one of Live.all) one.sync();
      freshness();
    } else if (button?.dataset.copy) {
      const text = document.getElementById(button.dataset.copy).innerText.trim();
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
        button.textContent = "Selected: press Ctrl+C";
      }
      setTimeout(() => (button.textContent = "Copy"), 2000);
    }
  });
  document.addEventListener("visibilitychange", () => {
    for (const one of Live.all) one.sync();
    freshness();
  });
  // Where a form took the place of the page, who uses a keyboard goes on from what it came to.
  document.addEventListener("htmx:afterSettle", ({ target }) => {
    if (target.id !== "main" || document.activeElement !== document.body) return;
    const main = document.getElementById("main");
    const told = main.querySelector(":scope > [role=alert], :scope > [role=status]");
    if (told) told.tabIndex = -1;
    (told ?? main).focus({ preventScroll: !told });
  });
  htmx.createEventSource = (url) => new Live(url);
  document.addEventListener("DOMContentLoaded", () => {
    changed.observe(document.body, { subtree: true, attributes: true, attributeFilter: ["data-state", "data-taken"], attributeOldValue: true });
    setInterval(tick, 250);
    tick();
  });
})();
