// Requests to the playground's server. An error becomes a toast.
import { toast } from "./dom.js";

export function post(path, body) {
  const form = body instanceof FormData;
  const headers = form ? {} : { "content-type": "application/json" };
  return ask(path, { method: "POST", headers, body: form ? body : JSON.stringify(body) });
}

export const get = (path) => ask(path);

// Returns the answer; null if the server refuses or does not answer.
async function ask(path, how) {
  try {
    const answer = await fetch(path, how);
    const content = await answer.json().catch(() => ({ error: "That did not work." }));
    if (answer.ok) return content;
    toast(content.error);
  } catch {
    toast("The playground does not answer. Is it still running?");
  }
  return null;
}
