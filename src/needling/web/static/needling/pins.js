// A speed-up of the assessment: numbered pins of findings on the map, by pointer or by keyboard, and more lines.
// Without it the note of a finding says where it is, and a place that was set before stays.
"use strict";

const MOST_FINDINGS = 40;
const STEP = 0.01;
const WIDE_STEP = 0.05;
const SVG = "http://www.w3.org/2000/svg";

function startPins(map, list) {
  const drawings = [...map.querySelectorAll("svg[data-view]")];
  const said = map.querySelector("#placed");
  const back = map.querySelector("#pins-back");
  const pins = new Map();
  let aimed = null;

  const rows = () => [...list.querySelectorAll("fieldset.finding")];
  const box = (row, name) => row.querySelector(`[name=${name}]`);
  const number = (row) => rows().indexOf(row) + 1;
  const words = (select) => select.selectedOptions[0] ? select.selectedOptions[0].textContent : "";
  const share = (value) => Math.min(1, Math.max(0, value)).toFixed(4);

  function spotOf(row) {
    const [view, x, y] = box(row, "mark_spot").value.split(" ");
    return drawings.some((one) => one.dataset.view === view) ? { view, x: Number(x), y: Number(y) } : null;
  }

  function say(text) {
    if (said.textContent !== text) said.textContent = text;
  }

  function nameOf(row) {
    return [`Finding ${number(row)}`, words(box(row, "mark")), words(box(row, "mark_zone"))].join(", ");
  }

  function draw(row) {
    const spot = spotOf(row);
    const taken = row.querySelector("[data-take]");
    taken.hidden = !spot;
    row.querySelector("[data-place]").textContent = spot ? "Move on the map" : "Place on the map";
    let pin = pins.get(row);
    if (!spot) {
      if (pin) pin.remove();
      pins.delete(row);
      return null;
    }
    if (!pin) {
      pin = document.createElementNS(SVG, "g");
      pin.setAttribute("class", "pin");
      pin.setAttribute("tabindex", "0");
      pin.setAttribute("role", "button");
      pin.setAttribute("aria-describedby", "pins-hint");
      const dot = document.createElementNS(SVG, "circle");
      dot.setAttribute("r", "10");
      const digit = document.createElementNS(SVG, "text");
      digit.setAttribute("text-anchor", "middle");
      digit.setAttribute("y", "4.6");
      pin.append(dot, digit);
      pin.addEventListener("focus", () => aim(row));
      pin.addEventListener("keydown", (event) => onKey(event, row));
      pins.set(row, pin);
    }
    const drawing = drawings.find((one) => one.dataset.view === spot.view);
    const { width, height } = drawing.viewBox.baseVal;
    if (pin.parentNode !== drawing) drawing.append(pin);
    pin.querySelector("text").textContent = number(row);
    pin.setAttribute("aria-label", `${nameOf(row)}, pin`);
    pin.setAttribute("transform", `translate(${(spot.x * width).toFixed(1)} ${(spot.y * height).toFixed(1)})`);
    return pin;
  }

  function put(row, view, x, y) {
    box(row, "mark_spot").value = `${view} ${share(x)} ${share(y)}`;
    const pin = draw(row);
    const name = drawings.find((one) => one.dataset.view === view).getAttribute("aria-label").replace("Pins: ", "");
    const percent = (value) => Math.round(Math.min(1, Math.max(0, value)) * 100);
    say(`${nameOf(row)}: on ${name}, ${percent(x)} percent from the left, ${percent(y)} percent from the top.`);
    return pin;
  }

  function aim(row) {
    aimed = row;
    back.hidden = !row;
    if (row) back.textContent = `Back to finding ${number(row)}`;
    const zone = row && box(row, "mark_zone").value;
    for (const drawing of drawings) drawing.classList.toggle("aim", Boolean(row));
    for (const part of map.querySelectorAll("[data-of]")) part.classList.toggle("here", Boolean(zone) && part.dataset.of === zone);
  }

  function place(row) {
    const zone = box(row, "mark_zone");
    if (!zone.value) {
      say(`Finding ${number(row)}: choose its zone first.`);
      zone.focus();
      return;
    }
    let pin = draw(row);
    if (!pin) {
      const part = map.querySelector(`[data-of="${CSS.escape(zone.value)}"]`);
      const drawing = part ? part.ownerSVGElement : drawings[0];
      const { width, height } = drawing.viewBox.baseVal;
      const at = part ? part.getBBox() : { x: 0, y: 0, width, height };
      const there = box(row, "mark_answer");
      if (!there.value) there.value = "yes";
      pin = put(row, drawing.dataset.view, (at.x + at.width / 2) / width, (at.y + at.height / 2) / height);
    }
    aim(row);
    pin.focus();
    pin.scrollIntoView({ block: "center" });
  }

  function goBack(row) {
    const button = row.querySelector("[data-place]");
    button.focus();
    button.scrollIntoView({ block: "center" });
  }

  function onKey(event, row) {
    const spot = spotOf(row);
    const by = event.shiftKey ? WIDE_STEP : STEP;
    const moves = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] };
    const turns = { PageDown: 1, PageUp: -1 };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in moves) {
      put(row, spot.view, spot.x + moves[event.key][0], spot.y + moves[event.key][1]);
    } else if (event.key in turns) {
      const now = drawings.findIndex((one) => one.dataset.view === spot.view);
      const next = drawings[(now + turns[event.key] + drawings.length) % drawings.length];
      put(row, next.dataset.view, 0.5, 0.5).focus();
    } else if (["Enter", " ", "Escape"].includes(event.key)) {
      goBack(row);
    } else {
      return;
    }
    event.preventDefault();
  }

  function show() {
    for (const row of rows()) draw(row);
  }

  function addRow() {
    const all = rows();
    if (all.length >= MOST_FINDINGS) return;
    const row = all[all.length - 1].cloneNode(true);
    row.classList.remove("wrong");
    row.querySelector("legend").textContent = `Finding ${all.length + 1}`;
    for (const problem of row.querySelectorAll(".problem")) problem.remove();
    for (const one of row.querySelectorAll("select, input, textarea")) {
      one.value = "";
      if (!one.id) continue;
      const id = one.id.replace(/\d+$/, all.length + 1);
      row.querySelector(`label[for="${one.id}"]`).htmlFor = id;
      one.id = id;
    }
    all[all.length - 1].after(row);
    draw(row);
    box(row, "mark_zone").focus();
  }

  for (const drawing of drawings) {
    drawing.addEventListener("click", (event) => {
      const own = event.target.closest(".pin");
      if (own) {
        own.focus();
        return;
      }
      if (!aimed) {
        say("Choose “Place on the map” of a finding first.");
        return;
      }
      const at = drawing.getBoundingClientRect();
      put(aimed, drawing.dataset.view, (event.clientX - at.left) / at.width, (event.clientY - at.top) / at.height).focus();
    });
  }
  list.addEventListener("click", (event) => {
    const row = event.target.closest("fieldset.finding");
    if (event.target.matches("[data-place]")) place(row);
    if (event.target.matches("[data-take]")) {
      box(row, "mark_spot").value = "";
      if (aimed === row) aim(null);
      draw(row);
      say(`Finding ${number(row)} is off the map.`);
      row.querySelector("[data-place]").focus();
    }
  });
  list.addEventListener("change", show);

  back.addEventListener("click", () => aimed && goBack(aimed));
  const more = document.querySelector("#more-marks");
  more.addEventListener("click", addRow);
  more.hidden = false;
  for (const button of list.querySelectorAll("[data-place]")) button.hidden = false;
  map.hidden = false;
  show();
}

const pinMap = document.querySelector("#pins");
const findings = document.querySelector("#marks");
if (pinMap && findings) startPins(pinMap, findings);
