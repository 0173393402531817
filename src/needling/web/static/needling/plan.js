// A speed-up of the plan page: sliders beside number boxes, and answers without a new page. Without it, "Show" does.
"use strict";
(() => {
  const form = document.getElementById("plan-form");
  if (!form || !window.fetch) return;
  const results = form.querySelector(".results");
  const regions = {
    answer: document.getElementById("answer"),
    course: document.getElementById("course"),
    channels: document.getElementById("channels"),
  };
  const said = document.getElementById("said");
  const glance = document.getElementById("glance");
  const WAIT_MS = 90;
  const EMPTY_MS = 1200; // a box that was cleared to type another number gets time for it
  const LATER_MS = 450;
  let asked = 0;
  let soon = 0;
  let later = 0;
  let running = null;
  let drawn = Boolean(regions.channels?.firstElementChild);

  async function part(name, number, signal) {
    const sent = new URLSearchParams(new FormData(form));
    sent.set("part", name);
    const answer = await fetch(form.action, { method: "POST", body: sent, signal, credentials: "same-origin" });
    if (answer.status === 409) form.requestSubmit(form.querySelector("button[value=show]"));
    const wrong = answer.status === 422; // what is wrong takes the place of the answer
    if ((!answer.ok && !wrong) || answer.redirected) throw new Error(String(answer.status));
    const html = await answer.text();
    if (number === asked) swap(regions[name], html);
  }

  function blame() {
    // What is wrong is said beside its box as well.
    const said = new Map();
    for (const one of regions.answer.querySelectorAll("[data-field]")) {
      said.set(one.dataset.field, one.querySelector("span").textContent);
    }
    for (const place of form.querySelectorAll("[data-problem]")) {
      const id = place.id.slice(0, -"-problem".length);
      const says = said.get(id) || "";
      place.textContent = says;
      place.hidden = !says;
      const box = document.getElementById(id);
      if (says) box.setAttribute("aria-invalid", "true");
      else box.removeAttribute("aria-invalid");
      const control = box.closest("[data-control]");
      if (control) control.classList.toggle("wrong", Boolean(says));
    }
    const list = document.querySelector("main .problems"); // of the page as it was opened: it may no longer hold
    if (list && !list.contains(document.activeElement)) list.remove();
  }

  function bound() {
    // Where a number is beyond its limit, as the answer found it: zones that differ have limits of their own.
    const now = regions.answer.querySelector("[data-outside]");
    if (!now) return;
    const over = now.dataset.outside.split(" ");
    for (const control of form.querySelectorAll("[data-control]")) {
      control.classList.toggle("outside", over.includes(control.querySelector("input[type=number]").id));
    }
  }

  function begin() {
    // The day by rule follows what was changed, unless another one was named.
    const now = regions.answer.querySelector("[data-rule]");
    const shown = form.elements.namedItem("start_shown");
    const day = form.elements.namedItem("start_on");
    if (!now || !day) return;
    if (day.value === shown.value) day.value = now.dataset.rule;
    shown.value = now.dataset.rule;
  }

  function swap(region, html) {
    // What was opened stays open.
    const words = (details) => details.dataset.fold || details.querySelector("summary").textContent.replace(/\d+/g, "");
    const open = new Set([...region.querySelectorAll("details[open]")].map(words));
    region.innerHTML = html;
    for (const details of region.querySelectorAll("details")) details.open = open.has(words(details));
  }

  function tell() {
    const now = regions.answer.querySelector("[data-said]");
    if (now) said.textContent = now.dataset.said;
  }

  function look() {
    const now = regions.answer.querySelector("[data-glance]");
    if (now && glance) glance.textContent = now.dataset.glance;
  }

  async function ask() {
    asked += 1;
    const number = asked;
    clearTimeout(later);
    if (running) running.abort();
    running = new AbortController();
    results.setAttribute("aria-busy", "true");
    try {
      await part("answer", number, running.signal);
      if (number !== asked) return;
      results.removeAttribute("aria-busy");
      look();
      blame();
      bound();
      begin();
      later = setTimeout(async () => {
        tell();
        try {
          await part("course", number, running.signal);
          if (drawn) await part("channels", number, running.signal);
        } catch (problem) { /* the pictures stay as they were until "Show" */ }
      }, LATER_MS);
    } catch (problem) {
      if (number !== asked) return;
      results.removeAttribute("aria-busy"); // "Show" still works
      if (problem.name !== "AbortError") stale();
    }
  }

  function stale() {
    // Nothing was answered: what stands there is of other numbers, and says so.
    const now = regions.answer.querySelector(".now");
    if (!now || now.querySelector("[data-stale]")) return;
    const words = document.createElement("p");
    words.dataset.stale = "";
    words.className = "stamp";
    words.textContent = "Of the numbers before: press Show";
    now.prepend(words);
    if (glance) glance.textContent = words.textContent;
  }

  function changed(wait) {
    clearTimeout(soon);
    soon = setTimeout(ask, typeof wait === "number" ? wait : WAIT_MS);
  }

  function mark(slider) {
    const { min, max } = slider;
    const place = (value) => `${(100 * (value - min)) / (max - min || 1)}%`;
    slider.style.setProperty("--from", place(Number(slider.dataset.from)));
    slider.style.setProperty("--to", place(Number(slider.dataset.to)));
  }

  function warn(control, value) {
    const slider = control.querySelector("input[type=range]");
    const outside = value !== "" && (Number(value) < Number(slider.dataset.from) || Number(value) > Number(slider.dataset.to));
    control.classList.toggle("outside", outside);
  }

  function follow(name, value) {
    // Zones without values of their own show what the whole course asks of them.
    if (name.includes(".")) return;
    for (const box of form.querySelectorAll(`input[type=number][name$=".${name}"]`)) {
      const zone = box.name.slice(0, -(name.length + 1));
      const own = form.elements.namedItem(`${zone}.own`);
      if (own && !own.checked) set(box.closest("[data-control]"), value);
    }
  }

  function rested(slider, before, held) {
    // Where a slider comes to rest: at a stop, if it has any. The box takes any number.
    const value = Number(slider.value);
    const stops = (slider.dataset.stops || "").split(" ").filter(Boolean).map(Number);
    const ahead = stops.filter((stop) => (value > before ? stop > before : stop < before));
    const among = held || !ahead.length || value === before ? stops : ahead;
    if (!among.length) return value;
    return among.reduce((near, stop) => (Math.abs(stop - value) < Math.abs(near - value) ? stop : near));
  }

  function set(control, value) {
    control.querySelector("input[type=number]").value = value;
    control.querySelector("input[type=range]").value = value;
    warn(control, value);
  }

  for (const control of form.querySelectorAll("[data-control]")) {
    const box = control.querySelector("input[type=number]");
    const slider = control.querySelector("input[type=range]");
    slider.hidden = false;
    mark(slider);
    const own = () => {
      // Whoever moves a zone's slider wants that zone to have its own value.
      const [zone, name] = box.name.split(".");
      const tick = name ? form.elements.namedItem(`${zone}.own`) : null;
      if (tick) tick.checked = true;
    };
    let held = false; // by a pointer; keys and reading aids go on to the next stop, however far that is
    slider.addEventListener("pointerdown", () => { held = true; });
    for (const end of ["pointerup", "pointercancel", "change"]) slider.addEventListener(end, () => { held = false; });
    slider.addEventListener("input", () => {
      box.value = String(Number(rested(slider, Number(box.value), held).toFixed(3)));
      slider.value = box.value;
      own();
      warn(control, box.value);
      follow(box.name, box.value);
      changed();
    });
    box.addEventListener("input", () => {
      slider.value = box.value;
      own();
      warn(control, box.value);
      follow(box.name, box.value);
      changed(box.value === "" ? EMPTY_MS : WAIT_MS);
    });
  }
  for (const tick of form.querySelectorAll("input[type=checkbox], input[type=date]")) {
    tick.addEventListener("change", () => changed());
  }
  addEventListener("beforeprint", () => {
    // On paper nothing is folded away.
    for (const details of document.querySelectorAll("details.fold")) details.open = true;
  });
  const draw = document.querySelector("#draw-channels button");
  if (draw) {
    draw.addEventListener("click", async (event) => {
      event.preventDefault();
      draw.disabled = true;
      try {
        await part("channels", asked, undefined);
        drawn = true;
        document.getElementById("draw-channels").remove();
      } catch (problem) {
        draw.disabled = false;
      }
    });
  }
})();
