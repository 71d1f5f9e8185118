// Which model answers, the progress of a download, and what is wrong.
import { $, bytes, el, icon } from "./dom.js";
import { buttons, offering } from "./offer.js";

let shown = ""; // what is shown: if it were set again, screen readers would repeat it and a selection would be lost
const hidden = () => sessionStorage.getItem("hidden note"); // the text of the note that was closed

// A note has a sentence. It can be bad news, and have a progress bar, an amount and steps to take.
// An amount that grows and shrinks has room for that, so that the buttons beside it do not move.
export function banner(figures, offer, lost) {
  const { sentence, bad = false, bar, amount, grows = false, steps = [] } = note(figures, offer, lost);
  const now = JSON.stringify([sentence, bad, Boolean(bar), Boolean(amount), grows, steps]);
  if (now !== shown) {
    shown = now;
    const parts = [el("span", {}, sentence)];
    if (bar) parts.push(el("progress", { id: "download", "aria-label": "Download" }));
    if (amount) parts.push(el("span", { id: "amount", className: grows ? "grows" : "", "aria-live": "off" }));
    if (steps.length) parts.push(el("span", { className: "steps" }, ...buttons(steps)));
    const focused = $("banner").contains(document.activeElement);
    $("banner").hidden = !sentence || hidden() === sentence;
    $("banner").classList.toggle("bad", bad);
    $("banner").replaceChildren(el("p", {}, ...parts), closing(sentence));
    if (focused) ($("banner").querySelector(".step") ?? $("words")).focus();
  }
  if (bar) measure(bar);
  if (amount) $("amount").textContent = amount;
}

function note({ model, state, reason, download, ended }, offer, lost) {
  if (lost) return { bad: true, sentence: "The playground has stopped. This page continues when it is started again." };
  if (ended.length) return { bad: true, sentence: ended.map(down).join(" ") };
  if (state === "failed") return { bad: true, sentence: `The model ${model.name} can't be used: ${reason}` };
  if (model.demo) return offering(offer);
  if (!["starting", "loading"].includes(state)) return { sentence: offer?.state === "done" ? "The real CLIP answers from now on." : "" };
  const { received, size } = download;
  if (size ? received >= size : !received) return { sentence: `Loading ${model.name}…`, amount: reason };
  const amount = size ? `${Math.floor((100 * received) / size)} % of ${bytes(size)}` : `${bytes(received)} so far`;
  return { sentence: `Downloading ${model.name}.`, bar: download, amount };
}

// A closed note stays closed until its text changes.
const closing = (sentence) => el("button", { type: "button", className: "icon", "aria-label": "Hide this note", title: "Hide this note",
  onclick() {
    sessionStorage.setItem("hidden note", sentence);
    $("banner").hidden = true;
    $("words").focus();
  } }, icon("close"));

const down = ({ name, times, status }) =>
  `The ${name} stopped unexpectedly${times > 1 ? ` ${times} times` : ""} (status ${status}) and is starting again. The terminal shows why.`;

// Without a value the bar moves to and fro: the size is still unknown.
function measure({ received, size }) {
  if (size) Object.assign($("download"), { max: size, value: received });
}
