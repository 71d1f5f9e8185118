// Writing messages: text, pictures, replies, edits, the menu of commands and the samples.
import { $, el, icon, toast } from "./dom.js";
import { gist } from "./bubble.js";
import { get, post } from "./server.js";
import { current, nameOf, state } from "./state.js";

const MOST = 10; // pictures in an album: limits.MEDIA_GROUP_MAX
const LARGEST = 50e6; // bytes at once: limits.UPLOAD_SIZE
const PAUSE = 300; // milliseconds without typing after which the bot is asked
let pictures = [];
const previews = new Map(); // from a picture to the URL of its bytes
let draft = ""; // the text that was written before an edit began
let asking = 0; // numbers the popovers: only the latest is shown
let typing = null; // the timer that asks the bot what it offers
let isOffering = false;
let context = null; // { kind: "reply" | "edit", message }

const place = () => ({ person: state.person, chat: state.chat });

function show(kind, message) {
  context = message ? { kind, message } : null;
  $("context").hidden = !context;
  hint();
  if (!context) return;
  $("context-title").textContent = kind === "edit" ? "Edit message" : `Reply to ${nameOf(message.from)}`;
  $("context-text").textContent = gist(message);
  $("words").focus();
}

export function answer(message) {
  if (context?.kind === "edit") cancel();
  show("reply", message);
}
// Begin a reply to the bot's question, unless something else is being written.
export function question(message) {
  const busy = $("words").value.trim() || pictures.length || (context && !context.message.force_reply);
  if (!busy) show("reply", message);
}
export function change(message) {
  if (context?.kind !== "edit") draft = $("words").value;
  show("edit", message);
  $("words").value = message.text;
  grow();
}
// Another person writes now, whom the bot has not asked.
export function unask() { if (context?.message.force_reply) show(null, null); }
export function cancel() { if (context?.kind === "edit") $("words").value = draft; show(null, null); grow(); }
export function clear() { pictures = []; attached(); cancel(); }

async function submit(fields, files = []) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...place(), ...fields })) form.append(name, value);
  for (const file of files) form.append("files", file);
  return post("/play/send", form);
}
export const say = (text) => submit({ text });
export const sayTo = (chat, text) => submit({ chat, text });

async function send() {
  const text = $("words").value.trim();
  const reply = context?.kind === "reply" ? { reply_to: context.message.id } : {};
  if (context?.kind === "edit") {
    const editing = context;
    const done = await post("/play/edit", { ...place(), message: context.message.id, text });
    if (done && context === editing) cancel();
    return;
  }
  if (!text && !pictures.length) return;
  if (pictures.reduce((sum, file) => sum + file.size, 0) > LARGEST) { toast("Telegram takes up to 50 MB at once."); return; }
  const taken = pictures;
  const before = context;
  const { chat } = place();
  const asFile = $("as-file").checked;
  const spoiler = $("as-spoiler").checked;
  $("as-file").checked = $("as-spoiler").checked = false; // they applied to these pictures only
  $("words").value = "";
  pictures = [];
  attached();
  show(null, null);
  grow();
  typed();
  const sent = await submit({ text, as_file: asFile, spoiler, ...reply }, taken);
  if (sent) return;
  if (state.chat !== chat || $("words").value || pictures.length || context) {
    toast(`This was not sent: ${text || taken.map((file) => file.name).join(", ")}`);
    return;
  }
  $("words").value = text;
  pictures = taken;
  $("as-file").checked = asFile;
  $("as-spoiler").checked = spoiler;
  attached();
  if (before) show(before.kind, before.message);
  grow();
}

function add(files) {
  pictures = [...pictures, ...files];
  if (pictures.length > MOST) { pictures = pictures.slice(0, MOST); toast(`An album can have up to ${MOST} pictures.`); }
  attached();
  $("words").focus();
}

function take(event, files) {
  if (!files.length) return;
  event.preventDefault();
  if (!$("dialog").open) add(files);
}

function attached() {
  $("attached").hidden = !pictures.length;
  hint();
  for (const [file, address] of previews) if (!pictures.includes(file)) { URL.revokeObjectURL(address); previews.delete(file); }
  for (const file of pictures) if (file.type.startsWith("image/") && !previews.has(file)) previews.set(file, URL.createObjectURL(file));
  $("thumbs").replaceChildren(...pictures.map((file, index) => {
    const preview = previews.has(file) ? el("img", { src: previews.get(file), alt: file.name }) : el("span", {}, file.name);
    const away = () => { pictures.splice(index, 1); attached(); };
    return el("li", {}, preview, el("button", { type: "button", "aria-label": `Remove ${file.name}`, onclick: away }, icon("close")));
  }));
}

// The text of the empty field; a question of the bot can set it.
function hint() {
  const asked = context?.kind === "reply" ? context.message.force_reply?.placeholder : "";
  $("words").placeholder = pictures.length ? "Caption: a dog, a cat" : asked || "Message";
}

function grow() { $("words").style.height = "auto"; $("words").style.height = `${Math.min(176, $("words").scrollHeight)}px`; }

export function closePopover() {
  clearTimeout(typing);
  isOffering = false;
  const was = !$("popover").hidden;
  asking += 1;
  if ($("popover").contains(document.activeElement)) $("words").focus();
  $("popover").hidden = true;
  for (const id of ["menu", "gallery"]) $(id).setAttribute("aria-expanded", "false");
  return was;
}

async function popover(id, fill) {
  const isOpen = $(id).getAttribute("aria-expanded") === "true";
  closePopover();
  if (isOpen) return;
  const number = asking;
  const nodes = await fill();
  if (!nodes || number !== asking) return;
  $("popover").replaceChildren(...nodes);
  $("popover").hidden = false;
  $(id).setAttribute("aria-expanded", "true");
  $("popover").querySelector("button")?.focus();
}

async function menu() {
  const commands = await get(`/play/menu?person=${state.person}&chat=${state.chat}`);
  if (!commands) return null;
  return [el("h3", {}, commands.length ? "Commands" : "The bot has not set any commands yet."), ...commands.map((c) =>
    el("button", { type: "button", className: "command", onclick() { closePopover(); $("words").value = `/${c.command} `; $("words").focus(); } },
      el("b", {}, `/${c.command}`), c.description))];
}

// How a sample is sent in a group, where the bot sees only commands and replies.
const USES = [["/classify", "Sort it"], ["/guess", "Beat CLIP"], ["/duel", "Caption duel"], ["", "No caption"]];

// The caption is the text in the field, if there is any; otherwise each sample has its own.
async function samples() {
  const gallery = await get(`/play/samples?person=${state.person}`);
  if (!gallery) return null;
  const { licence, samples: list } = gallery;
  const written = pictures.length || context?.kind === "edit" ? "" : $("words").value.trim();
  const chosen = !current().private && !written;
  const answers = context?.kind === "reply" && !context.message.force_reply;
  let use = !chosen ? null : answers ? "" : "/classify";
  const caption = (s) => written || (use === null ? s.caption : use === "/classify" || use === "/guess" ? `${use} ${s.caption}` : use);
  const lines = list.map(() => el("span"));
  const fill = () => list.forEach((s, i) => { lines[i].textContent = written ? s.shows : caption(s) || s.shows; });
  fill();
  const uses = USES.map(([command, name]) => el("label", {}, el("input", { type: "radio", name: "use", value: command, checked: command === use,
    onchange() { use = command; fill(); } }), ` ${name}`));
  const title = !list.length ? "There are no samples." : written ? "Send a sample with your text" : "Send a sample";
  return [el("h3", {}, title), el("p", { className: "licence" }, licence),
    chosen ? el("div", { className: "uses", role: "radiogroup", "aria-label": "How to send it" }, ...uses) : null,
    el("div", { className: "samples" }, ...list.map((s, i) => el("button", { type: "button", className: "sample",
      onclick() { closePopover(); sendSample(s, caption(s), Boolean(written)); } }, el("img", { src: s.url, alt: s.shows }), lines[i])))].filter(Boolean);
}

async function sendSample({ name }, text, isWritten) {
  const answered = context?.kind === "reply" && !context.message.force_reply ? context.message : null;
  if (isWritten) { $("words").value = ""; grow(); }
  if (answered) show(null, null);
  const sent = await submit({ sample: name, text, ...(answered && { reply_to: answered.id }) });
  if (sent || $("words").value || context) return;
  if (isWritten) { $("words").value = text; grow(); }
  if (answered) show("reply", answered);
}

// Inline mode: what the bot offers for a text that is typed after its name.

// Ask the bot if the text begins with its name.
function typed() {
  const text = $("words").value;
  const name = `@${state.bot.username}`;
  clearTimeout(typing);
  if (typing) asking += 1; // what the bot offers for an earlier text is no longer shown
  typing = null;
  if (!text.toLowerCase().startsWith(`${name} `.toLowerCase())) {
    if (isOffering) closePopover();
    return;
  }
  typing = setTimeout(offer, PAUSE, text.slice(name.length + 1), asking);
}

async function offer(text, number) {
  const from = place();
  const offered = await post("/play/inline", { ...from, text });
  if (!offered || number !== asking) return;
  const { query, button, choices } = offered;
  const choose = async (choice) => {
    closePopover();
    const before = $("words").value;
    $("words").value = "";
    if (await post("/play/choose", { ...from, query, choice })) {
      if (choice === null) toast("Sent to the private chat with the bot.");
    } else $("words").value = before;
  };
  const nodes = choices.map(({ id, title, description }) =>
    el("button", { type: "button", className: "choice", onclick: () => choose(id) }, el("b", {}, title), el("span", {}, description)));
  if (button) nodes.unshift(el("button", { type: "button", className: "choice", onclick: () => choose(null) }, el("b", {}, button)));
  $("popover").replaceChildren(el("h3", {}, nodes.length ? `@${state.bot.username} offers` : `@${state.bot.username} offers nothing for this.`), ...nodes);
  $("popover").hidden = false;
  isOffering = true;
}

export function begin() {
  $("composer").addEventListener("submit", (event) => { event.preventDefault(); send(); });
  $("words").addEventListener("input", () => { grow(); typed(); });
  $("words").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
    if (event.key === "ArrowUp" && !$("words").value) {
      const own = [...current().messages.values()].findLast((m) => m.from === state.person && !m.service);
      if (own) { event.preventDefault(); change(own); }
    }
  });
  $("attach").addEventListener("click", () => $("files").click());
  $("files").addEventListener("change", () => { add($("files").files); $("files").value = ""; });
  $("context-close").addEventListener("click", cancel);
  $("menu").addEventListener("click", () => popover("menu", menu));
  $("gallery").addEventListener("click", () => popover("gallery", samples));
  document.addEventListener("click", (event) => {
    if (!$("popover").hidden && !event.target.closest("#popover, #menu, #gallery")) closePopover();
  });
  // Anywhere on the page: otherwise the browser would leave it to show a dropped file.
  document.addEventListener("paste", (event) => take(event, event.clipboardData.files));
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    $("drop").hidden = $("dialog").open;
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("drop").hidden = true; });
  document.addEventListener("drop", (event) => { $("drop").hidden = true; take(event, event.dataTransfer.files); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !$("dialog").open && !closePopover() && context) cancel(); });
}
