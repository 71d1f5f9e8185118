// Which model answers, how far its download is, and what is wrong: whatever the worker says of itself.
import { $, bytes, el, icon } from "./dom.js";

let shown = ""; // what is said by now; the same again would be read out again, and a selection be lost
const hidden = () => sessionStorage.getItem("hidden note"); // what was said in the note that somebody closed

export function banner({ model, state, reason, download, ended }, lost) {
  const bad = lost || ended.length > 0 || state === "failed";
  const waits = !bad && !model.demo && ["starting", "loading"].includes(state);
  const comes = waits && (download.size ? download.received < download.size : download.received > 0);
  const told = waits && !comes && reason; // why it takes so long
  let sentence = "";
  if (lost) sentence = "The playground has ended. This page goes on when it is started again.";
  else if (ended.length) sentence = ended.map(down).join(" ");
  else if (bad) sentence = `The model ${model.name} is not there: ${reason}`;
  else if (comes) sentence = `Getting ${model.name}.`;
  else if (waits) sentence = `Loading ${model.name}…`;
  else if (model.demo) sentence = "The demo model answers: it knows drawings, not photographs. The real one:";
  const parts = [sentence];
  if (comes) parts.push(el("progress", { id: "download", "aria-label": "Download" }));
  if (comes || told) parts.push(el("span", { id: "amount", "aria-live": "off" }));
  else if (model.demo && !bad) parts.push(el("code", {}, model.command));
  const now = JSON.stringify([sentence, Boolean(comes), Boolean(told)]);
  if (now !== shown) {
    shown = now;
    $("banner").hidden = !sentence || hidden() === sentence;
    $("banner").classList.toggle("bad", bad);
    $("banner").replaceChildren(el("p", {}, ...parts), closing(sentence));
  }
  if (comes) measure(download);
  else if (told) $("amount").textContent = reason;
}

// What is closed stays so until something else is to be said.
const closing = (sentence) => el("button", { type: "button", className: "icon", "aria-label": "Hide this note", title: "Hide this note",
  onclick() {
    sessionStorage.setItem("hidden note", sentence);
    $("banner").hidden = true;
    $("words").focus();
  } }, icon("close"));

const down = ({ name, times, status }) =>
  `The ${name} ended by itself${times > 1 ? ` ${times} times` : ""} (status ${status}) and is started again; the terminal says why.`;

// The bar runs to and fro as long as nobody knows the whole.
function measure({ received, size }) {
  if (size) Object.assign($("download"), { max: size, value: received });
  $("amount").textContent = size ? `${Math.floor((100 * received) / size)} % of ${bytes(size)}` : `${bytes(received)} so far`;
}
