// A speed-up of the forms on people: the map of zones, keys for answers, questions that depend on others.
// Without it every form works as it stands.
"use strict";

for (const one of document.querySelectorAll("[data-script]")) one.hidden = false;

// ---------------------------------------------------------------- the map of zones

const MOST_ZONES = 20;

function startMap(map, list) {
  const rows = () => [...list.querySelectorAll("fieldset.zone")];
  const zoneOf = (row) => row.querySelector("select[name=zone]");
  const parts = [...map.querySelectorAll("[data-zone]")];
  const said = map.querySelector("#chosen");

  function addRow() {
    const all = rows();
    if (all.length >= MOST_ZONES) return null;
    const last = all[all.length - 1];
    const row = last.cloneNode(true);
    row.classList.remove("wrong");
    row.querySelector("legend").textContent = `Zone ${all.length + 1}`;
    for (const problem of row.querySelectorAll(".problem")) problem.remove();
    for (const box of row.querySelectorAll("select, input")) {
      box.value = "";
      const id = box.id.replace(/\d+$/, all.length + 1);
      row.querySelector(`label[for="${box.id}"]`).htmlFor = id;
      box.id = id;
    }
    last.after(row);
    return row;
  }

  function show() {
    const chosen = new Map(rows().map(zoneOf).filter((box) => box.value)
      .map((box) => [box.value, box.selectedOptions[0].textContent]));
    for (const part of parts) {
      part.classList.toggle("on", chosen.has(part.dataset.zone));
      if (part.hasAttribute("aria-checked")) part.setAttribute("aria-checked", String(chosen.has(part.dataset.zone)));
    }
    const words = chosen.size ? `Chosen: ${[...chosen.values()].join("; ")}.` : "No zone is chosen.";
    if (said.textContent !== words) said.textContent = words;
  }

  function toggle(zone) {
    const row = rows().find((one) => zoneOf(one).value === zone);
    if (row) {
      for (const box of row.querySelectorAll("select, input")) box.value = "";
    } else {
      const free = rows().find((one) => [...one.querySelectorAll("select, input")].every((box) => !box.value)) || addRow();
      if (free) zoneOf(free).value = zone;
    }
    show();
  }

  map.addEventListener("click", (event) => {
    const part = event.target.closest("[data-zone]");
    if (part) toggle(part.dataset.zone);
  });
  map.addEventListener("keydown", (event) => {
    if ((event.key === " " || event.key === "Enter") && event.target.matches("[role=checkbox]")) {
      event.preventDefault();
      toggle(event.target.dataset.zone);
    }
  });
  list.addEventListener("change", show);
  map.hidden = false;
  show();
}

const map = document.querySelector("#map");
const list = document.querySelector("#zones");
if (map && list) startMap(map, list);

// ---------------------------------------------------------------- readings

for (const box of document.querySelectorAll("#scores select[name=scale]")) {
  box.addEventListener("change", () => {
    const says = box.closest("fieldset").querySelector("[data-anchor]");
    if (says) says.parentElement.replaceChildren(says);
    if (says) says.textContent = box.selectedOptions[0].dataset.says || "";
  });
}

// ---------------------------------------------------------------- answers

const ANSWERS = { y: "yes", n: "no", u: "" };

function valueOf(field) {
  const box = field.querySelector("input[type=radio]:checked") || field.querySelector("input:not([type=radio])");
  return box ? box.value : "";
}

function empty(field) {
  for (const box of field.querySelectorAll("input")) {
    if (box.type === "radio") box.checked = box.value === "";
    else box.value = "";
  }
}

function startAnswers(form) {
  const fields = [...form.querySelectorAll("fieldset.row")];

  // A question that depends on another one is shown when it stands, or when it was answered.
  function arrange() {
    for (const field of fields) {
      const parent = field.dataset.onlyIf && form.querySelector(`#${CSS.escape(field.dataset.onlyIf)}`);
      const sex = form.querySelector("input[name=sex_at_birth]:checked");
      const fits = (!parent || valueOf(parent) === "yes") && !(sex && sex.value && sex.value === field.dataset.neverOf);
      field.hidden = !fits && !valueOf(field) && !field.classList.contains("wrong");
    }
  }

  function afterNo(name) {
    for (const field of fields) {
      if (field.dataset.onlyIf === name) empty(field);
    }
  }

  form.addEventListener("change", (event) => {
    if (event.target.type === "radio" && event.target.value === "no") afterNo(event.target.name);
    arrange();
  });

  form.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.type !== "radio") return;
    const wanted = ANSWERS[event.key.toLowerCase()];
    const field = event.target.closest("fieldset.row");
    if (wanted === undefined || !field) return;
    const option = field.querySelector(`input[type=radio][value="${wanted}"]`);
    if (!option) return;
    event.preventDefault();
    option.checked = true;
    option.dispatchEvent(new Event("change", { bubbles: true }));
    const next = fields.slice(fields.indexOf(field) + 1).find((one) => !one.hidden);
    const box = next && (next.querySelector("input:checked") || next.querySelector("input"));
    (box || form.querySelector("button.sign")).focus();
  });

  arrange();
}

const answers = document.querySelector("form.answers");
if (answers) startAnswers(answers);
