// The system panel: how the bot works inside.
import { banner } from "./banner.js";
import { $, arrange, bytes, el } from "./dom.js";
import { state } from "./state.js";

const ms = (seconds) => (seconds < 1 ? `${Math.round(seconds * 1000)}\u00a0ms` : `${seconds.toFixed(1)}\u00a0s`);
const nodes = new WeakMap(); // the list item of each call

function figure(name, value, id, wide) {
  const shown = el("dd", {}, String(value));
  shown.dataset.figure = id;
  return el("div", { className: wide ? "wide" : "" }, el("dt", {}, name), shown);
}

export function render() {
  const f = state.figures;
  if (!f) return;
  banner(f, state.offer, state.lost);
  const calls = Object.values(state.totals).reduce((a, b) => a + b, 0);
  $("figures").replaceChildren(figure("in the queue", f.depth, "depth"), figure("jobs done", f.finished, "finished"),
    figure("last batch", f.works.at(-1)?.batch_size ?? "–", "batch"), figure("API calls", calls, "calls"),
    figure("sendPhoto", state.totals.sendPhoto ?? 0, "sendPhoto"), figure("getUpdates", state.totals.getUpdates ?? 0, "getUpdates"),
    figure("model", `${f.model.name} · ${f.state}${f.device ? ` · ${f.device}` : ""}`, "model", true));
  $("works").replaceChildren(...[...f.works].reverse().slice(0, 20).map(work));
  const wanted = state.calls.filter((c) => $("polls").checked || c.method !== "getUpdates").slice(-120).reverse();
  arrange($("calls"), wanted.map(call));
}

// How a job's time was spent, each part in its own colour.
function work(w) {
  const parts = [["queued", w.queued], ["decode", w.decode], ["model", w.model], ["chart", w.chart]];
  const bar = el("div", { className: "parts" }, ...parts.map(([name, took]) => {
    const part = el("i", { className: name });
    part.style.flexGrow = took * 1000; // a sum below 1 would not fill the bar
    return part;
  }));
  const legend = parts.map(([name, took]) => el("span", {}, el("i", { className: name }), `${name} ${ms(took)}`));
  const item = el("li", {}, `batch of ${w.batch_size} · ${w.pictures} picture${w.pictures === 1 ? "" : "s"} × ${w.labels} phrase${w.labels === 1 ? "" : "s"}`,
    bar, el("small", {}, ...legend));
  item.dataset.batch = w.batch_size;
  if (w.problem) item.append(el("b", { className: "problem" }, `failed: ${w.problem.replaceAll("_", " ")}`));
  return item;
}

function call(c) {
  if (!nodes.has(c)) nodes.set(c, el("li", { className: c.status === 200 ? "" : "bad" }, el("details", {},
    el("summary", {}, el("b", {}, c.method), el("span", {}, ms(c.seconds)), el("span", {}, bytes(c.size))),
    el("pre", {}, `${c.status} ${c.description}\n${c.parameters}`))));
  return nodes.get(c);
}

export function begin() {
  const toggle = (open) => { $("system-panel").hidden = !open; $("system-panel-toggle").setAttribute("aria-expanded", String(open)); };
  // Open beside the chat where there is room. Where it would cover the chat, only on demand.
  const narrow = matchMedia("(max-width: 1100px)");
  toggle(!narrow.matches);
  narrow.addEventListener("change", () => { if (narrow.matches) toggle(false); });
  $("system-panel-toggle").addEventListener("click", () => {
    toggle($("system-panel").hidden);
    if (!$("system-panel").hidden && getComputedStyle($("system-panel")).position === "fixed") $("system-panel-close").focus();
  });
  $("system-panel-close").addEventListener("click", () => { toggle(false); $("system-panel-toggle").focus(); });
  document.addEventListener("keydown", (event) => {
    const covers = getComputedStyle($("system-panel")).position === "fixed";
    if (event.key === "Escape" && covers && $("system-panel").contains(document.activeElement)) { toggle(false); $("system-panel-toggle").focus(); }
  });
  $("polls").addEventListener("change", render);
}
