// Starts everything, and applies events to the parts of the page that they change.
import { $, clock, el, face } from "./dom.js";
import { gist } from "./bubble.js";
import * as dialogs from "./dialogs.js";
import { apply, byActivity, current, latest, nameOf, reset, state } from "./state.js";
import * as systemPanel from "./system_panel.js";
import * as composer from "./composer.js";
import * as thread from "./thread.js";

// A new chat or member, whose event can come after the answer to the request that made it.
let awaited = null;

function openWhenThere(chatId, person) {
  const there = state.chats.get(chatId)?.members.includes(person);
  awaited = there ? null : { chatId, person };
  if (there) open(chatId, person);
}

function open(chatId, person) {
  const chat = state.chats.get(chatId);
  if (!chat) return;
  const speaker = chat.members.includes(person) ? person : chat.members[0];
  if (state.chat !== null && state.chat !== chatId) composer.clear();
  if (state.chat !== chatId || state.person !== speaker) { composer.closePopover(); composer.unask(); }
  state.chat = chatId;
  state.person = speaker;
  sessionStorage.setItem("open", JSON.stringify([state.chat, state.person]));
  render();
  $("chat-list").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
}

function list() {
  const mine = [...state.people.values()].find((p) => !p.bot)?.id;
  const seen = [...state.chats.values()].filter((c) => !c.private || c.started || c.id === mine || c.id === state.chat).sort(byActivity);
  // People begin in the private chat, although the bot greets groups as soon as it starts.
  if (!seen.some((c) => c.private && c.started)) seen.sort((a, b) => (b.id === mine) - (a.id === mine));
  const focused = document.activeElement?.closest?.("#chat-list button")?.dataset.chat;
  $("chat-list").replaceChildren(...seen.map((chat) => {
    const last = latest(chat);
    const who = chat.private && chat.id !== mine ? el("small", {}, ` as ${nameOf(chat.members[0])}`) : null;
    const button = el("button", { type: "button", onclick() { document.body.classList.add("in-chat"); open(chat.id, state.person); $("words").focus(); } },
      face(chat.title, chat.private ? 1 : chat.id), el("span", { className: "name" }, chat.title, who), el("time", {}, last ? clock(last.date) : ""),
      el("span", { className: "last" }, last ? gist(last) : "No messages yet"), chat.unread ? el("span", { className: "unread", "aria-label": `${chat.unread} new` }, String(chat.unread)) : null);
    button.dataset.chat = chat.id;
    if (chat.id === state.chat) button.setAttribute("aria-current", "true");
    return el("li", {}, button);
  }));
  if (focused) $("chat-list").querySelector(`[data-chat="${focused}"]`)?.focus({ preventScroll: true });
}

function render() { thread.render(); list(); systemPanel.render(); }

function theme(name) { document.documentElement.dataset.theme = name; }
theme(localStorage.getItem("theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
$("theme").addEventListener("click", () => {
  theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  localStorage.setItem("theme", document.documentElement.dataset.theme);
});
$("back").addEventListener("click", () => document.body.classList.remove("in-chat"));
$("speaker").addEventListener("change", () => {
  const person = Number($("speaker").value);
  open(current().private ? person : state.chat, person);
  answerLatestQuestion();
});
$("add-person").addEventListener("click", () => dialogs.addPerson(current(), (id, group) => openWhenThere(group ? group.id : id, id)));
$("new-group").addEventListener("click", () => dialogs.newGroup((id, members) => openWhenThere(id, members.includes(state.person) ? state.person : members[0])));
composer.begin(); thread.begin(open); systemPanel.begin(); dialogs.begin();

// The bot has asked something: begin a reply if the question is for the current person.
function answerQuestion(message) {
  if (!message.edited && (!message.force_reply.selective || isMeant(message))) composer.question(message);
}

// Bot API, "ForceReply", `selective`: people whom the text mentions or the message replies to.
function isMeant({ chat, reply_to: asked, text, entities }) {
  if (current().private || state.chats.get(chat).messages.get(asked)?.from === state.person) return true;
  const name = state.people.get(state.person)?.username?.toLowerCase();
  return entities.some(({ type, user, offset, length }) => (type === "text_mention" && user?.id === state.person)
    || (type === "mention" && name && text.slice(offset + 1, offset + length).toLowerCase() === name));
}

function onHello(event) {
  reset(JSON.parse(event.data));
  const [chat, person] = JSON.parse(sessionStorage.getItem("open") ?? "[null, null]");
  const first = [...state.people.values()].find((p) => !p.bot).id;
  open(state.chats.has(chat) ? chat : first, person ?? first);
  answerLatestQuestion();
}

function answerLatestQuestion() {
  const last = latest(current());
  if (last?.force_reply) answerQuestion(last);
}

function onChanges(event) {
  const events = JSON.parse(event.data);
  events.forEach(apply);
  const kinds = new Set(events.map((e) => e.is));
  if (["message", "gone", "chat"].some((k) => kinds.has(k))) {
    const changed = events.some((e) => e.chat === state.chat || e.id === state.chat);
    if (changed) thread.render();
    list();
    const asks = events.findLast((e) => e.is === "message" && e.chat === state.chat && e.force_reply);
    if (asks) answerQuestion(asks);
  }
  if (kinds.has("chat") && awaited) openWhenThere(awaited.chatId, awaited.person);
  if (kinds.has("action")) thread.header();
  systemPanel.render();
}

// Browsers keep at most six connections to a server, for all tabs together. So a hidden tab has none,
// and gets the whole state again when it is shown.
let stream = null;
function listen() {
  if (document.hidden) { stream?.close(); stream = null; return; }
  if (stream) return;
  stream = new EventSource("/play/events");
  stream.addEventListener("hello", onHello);
  stream.addEventListener("changes", onChanges);
  // The browser connects again by itself, and then gets the whole state.
  stream.addEventListener("error", () => { state.lost = true; systemPanel.render(); });
}
document.addEventListener("visibilitychange", listen);
listen();
