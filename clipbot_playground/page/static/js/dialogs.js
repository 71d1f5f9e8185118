// Alerts, forms and enlarged pictures, all in one dialog. Esc, a click beside it and its buttons close
// it.
import { $, el, icon } from "./dom.js";
import { post } from "./server.js";
import { state } from "./state.js";

function open(title, children, className = "") {
  const box = $("dialog");
  box.className = className;
  box.replaceChildren(el("h2", { id: "dialog-title", hidden: className === "enlarged" }, title), ...children);
  box.showModal();
}
const close = () => $("dialog").close();

export const alertBox = (text) => open("Clip", [el("p", {}, text), el("div", { className: "actions" }, el("button", { type: "button", className: "primary", onclick: close }, "OK"))]);

// Show a picture as large as fits. If that is smaller than its full size, a click on it shows that.
export function enlarge({ url, width, height }, alt) {
  const image = el("img", { src: url, alt });
  image.style.setProperty("--width", `${width}px`);
  image.style.setProperty("--ratio", width / height);
  const frame = el("div", { className: "frame", tabIndex: 0, role: "group", "aria-label": "Picture" }, image);
  const button = (name, label, onclick) => el("button", { type: "button", className: "icon", "aria-label": label, title: label, onclick }, icon(name));
  const zoom = button("zoom", "Full size", () => toggle(0, 0));
  const corner = el("div", { className: "corner" }, button("close", "Close", close), zoom);
  const zooms = () => frame.classList.contains("full") || width > image.clientWidth * 1.1;
  // The point of the click, as fractions of width and height, moves to the middle.
  function toggle(x, y) {
    zoom.setAttribute("aria-pressed", String(frame.classList.toggle("full")));
    frame.scrollTo(x * frame.scrollWidth - frame.clientWidth / 2, y * frame.scrollHeight - frame.clientHeight / 2);
  }
  image.addEventListener("click", ({ clientX, clientY }) => {
    const place = image.getBoundingClientRect();
    if (zooms()) toggle((clientX - place.left) / place.width, (clientY - place.top) / place.height);
    else close();
  });
  open(alt, [corner, frame], "enlarged");
  zoom.hidden = !zooms();
  frame.classList.toggle("zooms", zooms());
}

function form(title, fields, onDone) {
  const node = el("form", { onsubmit(event) { event.preventDefault(); close(); onDone(new FormData(node)); } }, ...fields,
    el("div", { className: "actions" }, el("button", { type: "button", onclick: close }, "Cancel"), el("button", { className: "primary" }, "Add")));
  open(title, [node]);
}
const nameField = (label) => el("label", {}, label, el("input", { name: "name", className: "field", required: true, maxLength: 60, autocomplete: "off" }));

export function addPerson(chat, onDone) {
  const group = chat && !chat.private ? chat : null;
  const language = el("select", { name: "language", className: "field" }, el("option", { value: "en" }, "English"), el("option", { value: "es" }, "Español"));
  form(group ? `Add a person to ${group.title}` : "Add a person", [nameField("Name"), el("label", {}, "Language", language)], async (given) => {
    const made = await post("/play/people", { name: given.get("name"), language: given.get("language"), chat: group?.id });
    if (made) onDone(made.id, group);
  });
}

export function newGroup(onDone) {
  const people = [...state.people.values()].filter((p) => !p.bot);
  const boxes = people.map((p) => el("label", {}, el("input", { type: "checkbox", name: "member", value: p.id, checked: true }), ` ${p.name}`));
  form("New group", [nameField("Title"), el("fieldset", {}, el("legend", {}, "With"), ...boxes)], async (given) => {
    const members = given.getAll("member").map(Number);
    const made = await post("/play/groups", { name: given.get("name"), members });
    if (made) onDone(made.id, members);
  });
}

// A press that began in the dialog and ends beside it, as when text is selected, closes nothing.
export function begin() {
  const box = $("dialog");
  let pressedBeside = false;
  const isBeside = ({ target, clientX: x, clientY: y }) => {
    const { left, right, top, bottom } = box.getBoundingClientRect();
    return target === box && (x < left || x > right || y < top || y > bottom);
  };
  box.addEventListener("pointerdown", (event) => { pressedBeside = isBeside(event); });
  box.addEventListener("click", (event) => { if (pressedBeside && isBeside(event)) close(); });
}
