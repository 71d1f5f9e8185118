// Elements made without markup: what people type always becomes text nodes.
export const $ = (id) => document.getElementById(id);

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.includes("-") || name === "role") node.setAttribute(name, value);
    else if (name === "hue") node.style.setProperty("--hue", value);
    else node[name] = value;
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// Make these the children of a list. Nodes that stay are not moved: screen readers would repeat them,
// and they would lose the focus.
export function arrange(list, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, i) => { if (list.children[i] !== node) list.insertBefore(node, list.children[i] ?? null); });
}

const SVG = "http://www.w3.org/2000/svg";
export function icon(name) {
  const node = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/page/icons.svg#${name}`);
  node.setAttribute("aria-hidden", "true");
  node.append(use);
  return node;
}

export const hue = (id) => Math.abs(id * 137) % 360;
export const face = (name, id) =>
  el("span", { className: "face", hue: hue(id), "aria-hidden": "true" }, [...name][0] ?? "?");
export const clock = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
export const bytes = (n) => (n < 1000 ? `${n} B` : n < 1e6 ? `${Math.round(n / 1e3)} kB` : `${(n / 1e6).toFixed(1)} MB`);

export function toast(text) {
  const line = el("p", {}, text);
  $("toasts").append(line);
  setTimeout(() => line.remove(), 4000);
}
