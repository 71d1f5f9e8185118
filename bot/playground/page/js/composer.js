// Writing: text, pictures, replies, edits, the command menu and the samples.
import { $, el, icon, toast } from "./dom.js";
import { gist } from "./bubble.js";
import { get, post } from "./server.js";
import { current, nameOf, state } from "./state.js";

const MOST = 10; // pictures of an album
let pictures = [];
let context = null; // { kind: "reply" | "edit", message }

const place = () => ({ person: state.person, chat: state.chat });

function show(kind, message) {
  context = message ? { kind, message } : null;
  $("context").hidden = !context;
  if (!context) return;
  $("context-title").textContent = kind === "edit" ? "Edit message" : `Reply to ${nameOf(message.from)}`;
  $("context-text").textContent = gist(message);
  $("words").focus();
}

export const answer = (message) => show("reply", message);
export function change(message) { show("edit", message); $("words").value = message.text; grow(); }
export function cancel() { if (context?.kind === "edit") $("words").value = ""; show(null, null); grow(); }
export function clear() { pictures = []; attached(); cancel(); }

async function submit(fields, files = []) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...place(), ...fields })) form.append(name, value);
  for (const file of files) form.append("files", file);
  return post("/play/send", form);
}
export const say = (text) => submit({ text });

async function send() {
  const text = $("words").value.trim();
  const reply = context?.kind === "reply" ? { reply_to: context.message.id } : {};
  if (context?.kind === "edit") {
    const done = await post("/play/edit", { ...place(), message: context.message.id, text });
    if (done) cancel();
    return;
  }
  if (!text && !pictures.length) return;
  const taken = pictures;
  const before = context;
  const asFile = $("as-file").checked;
  $("as-file").checked = false; // said of these pictures, not of the next ones
  $("words").value = "";
  pictures = [];
  attached();
  show(null, null);
  grow();
  const sent = await submit({ text, as_file: asFile, ...reply }, taken);
  if (sent) return;
  $("words").value = text;
  pictures = taken;
  $("as-file").checked = asFile;
  attached();
  if (before) show(before.kind, before.message);
  grow();
}

function add(files) {
  pictures = [...pictures, ...files];
  if (pictures.length > MOST) { pictures = pictures.slice(0, MOST); toast(`An album has up to ${MOST} pictures.`); }
  attached();
  $("words").focus();
}

function attached() {
  $("attached").hidden = !pictures.length;
  $("words").placeholder = pictures.length ? "Caption: a dog, a cat" : "Message";
  $("thumbs").replaceChildren(...pictures.map((file, index) => {
    const look = file.type.startsWith("image/") ? el("img", { src: URL.createObjectURL(file), alt: file.name }) : el("span", {}, file.name);
    const away = () => { pictures.splice(index, 1); attached(); };
    return el("li", {}, look, el("button", { type: "button", "aria-label": `Remove ${file.name}`, onclick: away }, icon("close")));
  }));
}

function grow() { $("words").style.height = "auto"; $("words").style.height = `${Math.min(176, $("words").scrollHeight)}px`; }

export function closePopover() {
  const was = !$("popover").hidden;
  if ($("popover").contains(document.activeElement)) $("words").focus();
  $("popover").hidden = true;
  for (const id of ["menu", "gallery"]) $(id).setAttribute("aria-expanded", "false");
  return was;
}

async function popover(id, fill) {
  const isOpen = $(id).getAttribute("aria-expanded") === "true";
  closePopover();
  if (isOpen) return;
  $("popover").replaceChildren(...(await fill()));
  $("popover").hidden = false;
  $(id).setAttribute("aria-expanded", "true");
  $("popover").querySelector("button")?.focus();
}

async function menu() {
  const commands = await get(`/play/menu?person=${state.person}&chat=${state.chat}`);
  return [el("h3", {}, commands.length ? "Commands" : "The bot has set no commands yet."), ...commands.map((c) =>
    el("button", { type: "button", className: "command", onclick() { closePopover(); $("words").value = `/${c.command} `; $("words").focus(); } },
      el("b", {}, `/${c.command}`), c.description))];
}

async function samples() {
  const { licence, samples: list } = await get("/play/samples");
  const start = current().private ? "" : "/classify ";
  return [el("h3", {}, list.length ? "Send a sample" : "There are no samples here."), el("p", { className: "licence" }, licence),
    el("div", { className: "samples" }, ...list.map((s) => el("button", { type: "button", className: "sample",
      onclick() { closePopover(); submit({ sample: s.name, text: start + s.caption }); } },
    el("img", { src: s.url, alt: s.shows }), el("span", {}, start + s.caption))))];
}

export function begin() {
  $("composer").addEventListener("submit", (event) => { event.preventDefault(); send(); });
  $("words").addEventListener("input", grow);
  $("words").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
    if (event.key === "ArrowUp" && !$("words").value) {
      const own = [...current().messages.values()].findLast((m) => m.from === state.person && !m.service);
      if (own) { event.preventDefault(); change(own); }
    }
  });
  $("words").addEventListener("paste", (event) => { if (event.clipboardData.files.length) { event.preventDefault(); add(event.clipboardData.files); } });
  $("attach").addEventListener("click", () => $("files").click());
  $("files").addEventListener("change", () => { add($("files").files); $("files").value = ""; });
  $("context-close").addEventListener("click", cancel);
  $("menu").addEventListener("click", () => popover("menu", menu));
  $("gallery").addEventListener("click", () => popover("gallery", samples));
  const over = (event) => { event.preventDefault(); $("drop").hidden = false; };
  $("conversation").addEventListener("dragover", over);
  $("conversation").addEventListener("dragleave", (event) => { if (!$("conversation").contains(event.relatedTarget)) $("drop").hidden = true; });
  $("conversation").addEventListener("drop", (event) => { event.preventDefault(); $("drop").hidden = true; add(event.dataTransfer.files); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !$("dialog").open && !closePopover() && context) cancel(); });
}
