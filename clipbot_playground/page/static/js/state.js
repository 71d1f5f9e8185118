// What this tab knows, which chat it shows, and as which person it writes.
export const state = {
  bot: null, people: new Map(), chats: new Map(), calls: [], totals: {}, figures: null, offer: null, lost: false,
  chat: null, person: null,
};

export const current = () => state.chats.get(state.chat);
export const nameOf = (id) => state.people.get(id)?.name ?? "Somebody";
export const latest = (chat) => [...chat.messages.values()].at(-1);
// The order of the chat list: the latest activity first; within the same second, empty chats first.
const when = (chat) => latest(chat)?.date ?? Math.ceil(chat.since);
export const byActivity = (a, b) => when(b) - when(a) || (latest(a) ? 1 : 0) - (latest(b) ? 1 : 0) || b.arrived - a.arrived;
let arrivals = 0; // messages of the same second keep the order of their arrival in this tab

export function apply(event) {
  const { is, ...rest } = event;
  if (is === "person") state.people.set(rest.id, rest);
  else if (is === "chat") {
    const known = state.chats.get(rest.id) ?? { messages: new Map(), unread: 0, action: "", arrived: 0 };
    state.chats.set(rest.id, Object.assign(known, rest));
  } else if (is === "message") {
    const chat = state.chats.get(rest.chat);
    const isNew = !chat.messages.has(rest.id);
    chat.messages.set(rest.id, rest);
    if (isNew) chat.arrived = ++arrivals;
    if (rest.from === state.bot.id) chat.action = "";
    if (isNew && chat.id !== state.chat && rest.from === state.bot.id) chat.unread += 1;
  } else if (is === "gone") state.chats.get(rest.chat)?.messages.delete(rest.id);
  else if (is === "action") Object.assign(state.chats.get(rest.chat), { action: rest.action, actedAt: Date.now() });
  else if (is === "call") { state.calls.push(rest); if (state.calls.length > 300) state.calls.shift(); }
  else if (is === "totals") state.totals = rest.methods;
  else if (is === "figures") state.figures = rest;
  else if (is === "offer") state.offer = rest;
}

export function reset(hello) {
  state.bot = hello.bot;
  state.lost = false;
  const before = new Map(state.chats);
  state.people.clear(); state.chats.clear(); state.calls = []; state.offer = null;
  hello.events.forEach(apply);
  for (const chat of state.chats.values()) chat.unread = chat.id === state.chat ? 0 : missed(chat, before.get(chat.id));
}

// The number of messages that are new to this tab, which can have been disconnected for a while.
function missed(chat, known) {
  if (known?.since !== chat.since) return 0; // a new tab, or another run of the playground
  const seen = Math.max(0, ...known.messages.keys());
  return known.unread + [...chat.messages.values()].filter((m) => m.id > seen && m.from === state.bot.id).length;
}
