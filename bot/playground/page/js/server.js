// Requests to the playground's server. A refusal becomes a toast.
import { toast } from "./dom.js";

export async function post(path, body) {
  const form = body instanceof FormData;
  const headers = form ? {} : { "content-type": "application/json" };
  try {
    const answer = await fetch(path, { method: "POST", headers, body: form ? body : JSON.stringify(body) });
    const told = await answer.json().catch(() => ({ error: "That did not work." }));
    if (answer.ok) return told;
    toast(told.error);
  } catch {
    toast("The playground does not answer. Is it still running?");
  }
  return null;
}

export const get = (path) => fetch(path).then((answer) => answer.json());
