// The offer to get the real CLIP while the demo model answers.
import { bytes, el, toast } from "./dom.js";
import { post } from "./server.js";

const DEMO = "The demo model answers. It knows drawings, not photographs.";
// On a CPU, the first start exports the model for OpenVINO.
const LOADING = "The real CLIP is downloaded and is getting ready. The first time, this can take some minutes. The demo model answers meanwhile.";

const mb = (n) => (n && n < 1e7 ? (n / 1e6).toFixed(1) : String(Math.round(n / 1e6)));
const ofAll = ({ received, size }) => (size ? `${mb(received)} of ${mb(size)} MB` : `${mb(received)} MB so far`);

// The note for the banner; see `banner`.
export function offering(offer) {
  if (!offer) return { sentence: DEMO };
  const { model, state, reason, here, received, size, speed, left } = offer;
  const get = (label) => ({ step: "get", label, title: here ? model : `Downloads ${model}` });
  const cancel = { step: "cancel", label: "Cancel", title: here ? "" : "Deletes what was downloaded", told: !here && "Cancelled. What was downloaded is deleted." };
  const some = received > 0 && !here ? { bar: offer, amount: ofAll(offer) } : {};
  if (state === "fetching") {
    const facts = [ofAll(offer), speed && `${bytes(Math.round(speed))}/s`, left !== null && `${duration(left)} left`];
    const steps = [{ step: "pause", label: "Pause", title: "What was downloaded stays" }, cancel];
    return { sentence: "Downloading the real CLIP. The demo model answers meanwhile.", bar: offer,
      amount: facts.filter(Boolean).join(" · "), grows: true, steps };
  }
  if (state === "paused") return { sentence: "The download of the real CLIP is paused.", ...some, steps: [get("Resume"), cancel] };
  if (state === "failed") return { sentence: reason, bad: true, ...some, steps: [get("Try again"), cancel] };
  if (state === "loading" || state === "done") return { sentence: LOADING };
  return { sentence: DEMO, steps: [get(here ? "Use the real CLIP" : `Get the real CLIP${size ? ` (${mb(size)} MB)` : ""}`)] };
}

export const buttons = (steps) => steps.map(({ step, label, title, told }, i) => el("button", {
  type: "button", className: i ? "step" : "step primary", title,
  async onclick({ currentTarget: button }) {
    if (button.ariaDisabled) return;
    button.ariaDisabled = "true"; // not `disabled`: the button would lose the focus
    const done = await post("/play/offer", { step });
    button.ariaDisabled = null; // the note can be the same: the server did not answer
    if (done && told) toast(told);
  } }, label));

function duration(seconds) {
  const minutes = Math.round(seconds / 60);
  if (seconds < 100) return `${Math.max(1, Math.round(seconds))} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
