// A text with its entities as nodes. Offsets count UTF-16 units, like JavaScript's strings.
import { el } from "./dom.js";

const TAGS = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote" };

// acts.command is called with a command that is clicked, acts.link with the event of a clicked link.
export function words(text, entities, acts) {
  const build = (from, to, list) => {
    const nodes = [];
    let at = from;
    for (let i = 0; i < list.length; i += 1) {
      const { offset, length } = list[i];
      if (offset < at) continue;
      const inner = list.slice(i + 1).filter((e) => e.offset + e.length <= offset + length);
      nodes.push(text.slice(at, offset));
      nodes.push(wrap(list[i], text.slice(offset, offset + length), build(offset, offset + length, inner), acts));
      at = offset + length;
    }
    nodes.push(text.slice(at, to));
    return nodes.filter((node) => node !== "");
  };
  return build(0, text.length, entities);
}

function wrap(entity, written, nodes, acts) {
  if (entity.type === "bot_command")
    return el("button", { type: "button", className: "command", onclick: () => acts.command(written) }, ...nodes);
  const address = entity.type === "text_link" ? entity.url : entity.type === "url" ? written : "";
  if (/^https?:\/\//.test(address ?? ""))
    return el("a", { href: address, target: "_blank", rel: "noopener noreferrer", onclick: acts.link }, ...nodes);
  if (entity.type === "spoiler") return el("span", { className: "spoiler", tabIndex: 0 }, ...nodes);
  return el(TAGS[entity.type] ?? "span", {}, ...nodes);
}
