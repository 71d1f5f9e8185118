// A message or an album as a list item.
import { bytes, clock, el, hue, icon } from "./dom.js";
import { nameOf, state } from "./state.js";
import { words } from "./words.js";

export function bubble(group, chat, marks, acts) {
  const message = group.find((m) => m.text) ?? group[0];
  const first = group[0];
  const own = first.from === state.person;
  if (first.service) return el("li", { className: "service" }, el("span", {}, first.service));
  const photos = group.filter((m) => m.media?.kind === "photo");
  const box = el("div", { className: `bubble${marks.last ? " tail" : ""}${photos.length ? " photo" : ""}` });
  if (!own && !chat.private && marks.first)
    box.append(el("span", { className: "sender", hue: hue(first.from) }, nameOf(first.from)));
  if (message.via) box.append(el("span", { className: "via" }, `via @${message.via}`));
  if (first.reply_to) box.append(quote(chat, first.reply_to, acts));
  if (photos.length === 1) {
    const image = picture(photos[0], acts);
    image.style.width = `${shownWidth(photos[0].media, first.from === state.bot.id)}px`;
    box.classList.add("fits");
    box.append(image);
  } else if (photos.length) {
    box.classList.add("fits");
    box.append(el("div", { className: `grid${photos.length % 2 ? " odd" : ""}` }, ...photos.map((m) => picture(m, acts))));
  }
  for (const m of group) if (m.media && m.media.kind !== "photo") box.append(file(m));
  const meta = el("span", { className: "meta" }, `${group.some((m) => m.edited) ? "edited " : ""}${clock(message.date)}`);
  if (message.text) box.append(el("div", { className: "words" }, ...words(message.text, message.entities, acts), meta));
  else box.append(meta);
  const tools = el("div", { className: "tools" },
    tool("reply", "Reply", () => acts.reply(message)), own ? tool("edit", "Edit", () => acts.edit(message)) : null);
  box.append(tools);
  const item = el("li", { className: `${own ? "own" : ""}${marks.first ? " first" : ""}` }, box);
  item.dataset.id = first.id;
  item.dataset.ids = group.map((m) => m.id).join(" ");
  if (message.buttons.length) {
    const buttons = keyboard(message, acts);
    // As wide as the bubble, whose padding is 4 pixels on each side.
    if (photos.length === 1) buttons.style.maxWidth = `min(100% - 68px, ${shownWidth(photos[0].media, first.from === state.bot.id) + 8}px)`;
    item.append(buttons);
  }
  return item;
}

// The width of a picture in a bubble, in pixels. The bot's charts contain text, so they are shown as
// wide as possible, up to a height that fits on a screen.
function shownWidth({ width, height }, isDrawn) {
  const tallest = isDrawn ? 700 : width > height ? 270 : 340;
  const narrowest = isDrawn ? Math.min(300, width) : 160;
  return Math.max(narrowest, 160, Math.min(400, width, Math.round((tallest * width) / height)));
}

const tool = (sign, label, onclick) => el("button", { type: "button", "aria-label": label, title: label, onclick }, icon(sign));

function picture(message, acts) {
  const { url, width, height } = message.media;
  const alt = message.text ? `Picture: ${message.text.slice(0, 120)}` : "Picture";
  const isDrawn = message.from === state.bot.id;
  const node = el("button", { type: "button", className: `picture${isDrawn ? " drawn" : ""}`, "aria-label": `Enlarge. ${alt}`, onclick: () => acts.enlarge(message.media, alt) },
    el("img", { src: url, width, height, alt: "" }));
  if (message.spoiler) hide(node, url);
  return node;
}

const shown = new Set(); // the hidden pictures that somebody tapped on in this tab, by URL

// The first tap on a hidden picture shows it, the next one enlarges it.
function hide(node, url) {
  if (shown.has(url)) return;
  const label = node.getAttribute("aria-label");
  node.classList.add("hidden");
  node.setAttribute("aria-label", "Hidden picture. Show it.");
  node.addEventListener("click", (event) => {
    if (shown.has(url)) return;
    event.stopImmediatePropagation();
    shown.add(url);
    node.classList.remove("hidden");
    node.setAttribute("aria-label", label);
  }, { capture: true });
}

function file({ media, spoiler }) {
  const preview = media.url ? el("img", { src: media.url, alt: "", className: spoiler ? "blurred" : "" }) : el("span", { className: "sheet" }, icon("sheet"));
  return el("a", { className: "file", href: media.file ?? "#", download: media.name ?? "" }, preview,
    el("span", {}, el("b", {}, media.name ?? media.kind), el("small", {}, bytes(media.size))));
}

export const gist = (m) => m?.service || m?.text || (m?.media ? (m.media.kind === "photo" ? "Photo" : m.media.name ?? m.media.kind) : "");

function quote(chat, id, acts) {
  const asked = chat.messages.get(id);
  return el("button", { type: "button", className: "quote", onclick: () => acts.jump(id) },
    el("b", {}, asked ? nameOf(asked.from) : "Deleted message"), el("span", {}, gist(asked)));
}

function keyboard(message, acts) {
  const button = (b) => b.action === "url"
    ? el("a", { href: /^https?:/.test(b.value) ? b.value : "#", target: "_blank", rel: "noopener noreferrer", onclick: acts.link }, b.text)
    : el("button", { type: "button", onclick: (event) => acts.press(message, b, event.currentTarget) }, b.text);
  return el("div", { className: "keyboard" }, ...message.buttons.map((row) => el("div", {}, ...row.map(button))));
}
