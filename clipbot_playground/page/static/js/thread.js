// The open chat: its messages, scroll position and header.
import { $, arrange, el, face, toast } from "./dom.js";
import { bubble, gist } from "./bubble.js";
import { post } from "./server.js";
import { current, nameOf, state } from "./state.js";
import * as composer from "./composer.js";
import { alertBox, enlarge } from "./dialogs.js";

const DOES = { typing: "typing…", upload_photo: "uploading photo…", upload_document: "uploading file…" };
const atEnd = () => $("scroll").scrollHeight - $("scroll").scrollTop - $("scroll").clientHeight < 90;
let shown = null;
let openChat = null; // shows a chat; set by `begin`
let latestOwn = 0; // id of the current person's latest message in the open chat
let made = new Map(); // by a bubble's first message: what the bubble was made from, and its node

const acts = {
  enlarge,
  reply: (message) => composer.answer(message),
  edit: (message) => composer.change(message),
  command: (text) => composer.say(text),
  // A link to the bot starts it here, as such links do in Telegram. Elsewhere it would be somebody else's bot.
  link(event) {
    const { host, pathname, searchParams } = new URL(event.currentTarget.href);
    if (host !== "t.me" || pathname.slice(1).toLowerCase() !== state.bot.username.toLowerCase()) return;
    event.preventDefault();
    openChat(state.person, state.person);
    composer.sayTo(state.person, `/start ${searchParams.get("start") ?? ""}`.trim());
  },
  jump(id) {
    const item = $("thread").querySelector(`[data-ids~="${id}"]`);
    item?.scrollIntoView({ block: "center" });
    item?.classList.add("flash");
    setTimeout(() => item?.classList.remove("flash"), 1300);
  },
  async press(message, button, node) {
    node.setAttribute("aria-busy", "true");
    const answer = await post("/play/press", { person: state.person, chat: message.chat, message: message.id, data: button.value });
    node.removeAttribute("aria-busy");
    if (answer?.text) answer.alert ? alertBox(answer.text) : toast(answer.text);
  },
};

export function header() {
  const chat = current();
  if (!chat) return;
  $("title").textContent = chat.title;
  const acting = chat.action && Date.now() - chat.actedAt < 6000;
  const people = chat.private ? "bot" : `${chat.members.map(nameOf).join(", ")}, ${state.bot.name}`;
  const subtitle = acting ? `${chat.private ? "" : `${state.bot.name} is `}${DOES[chat.action] ?? "busy…"}` : people;
  if ($("subtitle").textContent !== subtitle) $("subtitle").textContent = subtitle;
  $("subtitle").classList.toggle("acts", Boolean(acting));
  const picture = face(chat.title, chat.private ? 1 : chat.id);
  picture.id = "face";
  $("face").replaceWith(picture);
  const ids = chat.private ? [...state.people.values()].filter((p) => !p.bot).map((p) => p.id) : chat.members;
  // Replacing its entries would close an open list. Usually they are the same.
  if ([...$("speaker").options].map((o) => o.value).join() !== ids.join())
    $("speaker").replaceChildren(...ids.map((id) => el("option", { value: id }, nameOf(id))));
  if ($("speaker").value !== String(state.person)) $("speaker").value = state.person;
}

export function render() {
  const chat = current();
  if (!chat) return;
  const another = shown !== `${chat.id} ${state.person}`;
  const own = [...chat.messages.values()].findLast((m) => m.from === state.person && !m.service)?.id;
  const follow = another || atEnd() || (own ?? 0) > latestOwn; // people want to see what they have sent
  latestOwn = own ?? 0;
  shown = `${chat.id} ${state.person}`;
  chat.unread = 0;
  const groups = [];
  for (const message of chat.messages.values()) {
    const last = groups.at(-1);
    if (message.album && last?.[0].album === message.album) last.push(message);
    else groups.push([message]);
  }
  const before = another ? new Map() : made;
  made = new Map();
  const items = groups.map((group, i) => {
    const marks = {
      first: groups[i - 1]?.[0].from !== group[0].from || Boolean(groups[i - 1]?.[0].service),
      last: groups[i + 1]?.[0].from !== group[0].from,
    };
    const asked = chat.messages.get(group[0].reply_to);
    const of = JSON.stringify([group, marks.first, asked && [asked.from, gist(asked)]]);
    const known = before.get(group[0].id);
    made.set(group[0].id, known?.of === of ? known : { of, node: bubble(group, chat, marks, acts) });
    const { node } = made.get(group[0].id);
    node.querySelector(".bubble")?.classList.toggle("tail", marks.last);
    return node;
  });
  if (!groups.some((group) => !group[0].service)) items.push(empty(chat));
  const focused = document.activeElement?.closest?.("#thread li")?.dataset.id;
  arrange($("thread"), items);
  if (focused && !$("thread").contains(document.activeElement)) $("thread").querySelector(`[data-id="${focused}"] button`)?.focus({ preventScroll: true });
  if (follow) toEnd();
  header();
}

function empty(chat) {
  const text = chat.private ? "Send a picture with phrases as its caption, or choose a sample." : "Here the bot sees only commands and replies. Send a picture with the caption /classify a dog, a cat.";
  const start = chat.private ? el("button", { type: "button", onclick: () => composer.say("/start") }, "Start") : null;
  return el("li", { className: "empty" }, el("p", {}, el("b", {}, "Nothing here yet"), text), start);
}

export const toEnd = () => { $("scroll").scrollTop = $("scroll").scrollHeight; };

// `open` shows a chat to a person; a private chat has the person's id.
export function begin(open) {
  openChat = open;
  let following = true;
  $("scroll").addEventListener("scroll", () => { following = atEnd(); $("down").hidden = following; });
  // The latest message stays visible when the draft grows or the window changes its size.
  const keep = new ResizeObserver(() => { if (following) toEnd(); });
  keep.observe($("scroll"));
  keep.observe($("thread"));
  $("down").addEventListener("click", toEnd);
  setInterval(header.bind(null), 3000);
}
