// Which model answers, the progress of its download, and what is wrong.
import { $, bytes, el, icon } from "./dom.js";

let shown = ""; // the current text: if it were set again, screen readers would repeat it and a selection would be lost
const hidden = () => sessionStorage.getItem("hidden note"); // the text of the note that was closed

export function banner({ model, state, reason, download, ended }, lost) {
  const bad = lost || ended.length > 0 || state === "failed";
  const waits = !bad && !model.demo && ["starting", "loading"].includes(state);
  const comes = waits && (download.size ? download.received < download.size : download.received > 0);
  const explained = waits && !comes && reason; // why it takes so long
  let sentence = "";
  if (lost) sentence = "The playground has stopped. This page continues when it is started again.";
  else if (ended.length) sentence = ended.map(down).join(" ");
  else if (bad) sentence = `The model ${model.name} can't be used: ${reason}`;
  else if (comes) sentence = `Downloading ${model.name}.`;
  else if (waits) sentence = `Loading ${model.name}…`;
  else if (model.demo) sentence = "The demo model answers. It knows drawings, not photographs. For the real model, run:";
  const parts = [sentence];
  if (comes) parts.push(el("progress", { id: "download", "aria-label": "Download" }));
  if (comes || explained) parts.push(el("span", { id: "amount", "aria-live": "off" }));
  else if (model.demo && !bad) parts.push(el("code", {}, model.command));
  const now = JSON.stringify([sentence, Boolean(comes), Boolean(explained)]);
  if (now !== shown) {
    shown = now;
    $("banner").hidden = !sentence || hidden() === sentence;
    $("banner").classList.toggle("bad", bad);
    $("banner").replaceChildren(el("p", {}, ...parts), closing(sentence));
  }
  if (comes) measure(download);
  else if (explained) $("amount").textContent = reason;
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
  $("amount").textContent = size ? `${Math.floor((100 * received) / size)} % of ${bytes(size)}` : `${bytes(received)} so far`;
}
