"use strict";
const KNOWN = /*known*/null;
const byId = (id) => document.getElementById(id);
const said = [], tries = [];
let lang = KNOWN.lang, socket = null, timer = 0;

const text = (key, values = {}) => KNOWN.texts[lang][key].replace(/%\((\w+)\)s/g, (_, name) => values[name]);
const seconds = (ms) => Math.round(ms) / 1000;
const shownUrl = (url) => {  // values of the query are secrets
  const found = new URL(url), names = [...found.searchParams.keys()];
  return `${found.protocol}//${found.host}${found.pathname}` + (names.length ? "?" + names.map((name) => `${encodeURIComponent(name)}=\u2026`).join("&") : "");
};

function translate() {
  document.documentElement.lang = lang;
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = text(node.dataset.t);
  for (const one of ["ru", "en"]) byId(one).setAttribute("aria-pressed", String(one === lang));
  byId("log").replaceChildren(...said.map(row));
  state();
}

function row({at, kind, key, values, more}) {
  const item = document.createElement("li"), time = document.createElement("time"), body = document.createElement("div");
  item.className = kind;
  time.textContent = at.toISOString().slice(11, 23);
  time.dateTime = at.toISOString();
  const head = document.createElement("b");
  head.textContent = text(key, values());
  body.append(head);
  for (const line of more()) {
    const part = document.createElement("p");
    part.className = "soft";
    part.textContent = line;
    body.append(part);
  }
  item.append(time, body);
  return item;
}

function say(kind, key, values = () => ({}), more = () => []) {
  said.push({at: new Date(), kind, key, values, more});
  byId("log").append(row(said[said.length - 1]));
}

function state() {
  const names = ["connecting", "open", "closing", "closed"], name = socket ? names[socket.readyState] : "";
  byId("state").className = name;
  byId("state").textContent = name ? text(name) : "";
  byId("send").disabled = name !== "open";
  byId("close").disabled = !(name === "open" || name === "connecting" || timer);
  byId("dial").disabled = name === "open" || name === "connecting";
  byId("save").disabled = tries.length === 0;
}

function tokenSays(token) {  // the times of a JWT are no secret (RFC 7519, section 4.1)
  try {
    const raw = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"), {exp, nbf} = JSON.parse(atob(raw)), now = Date.now() / 1000;
    if (exp && exp < now) return ["bad", "expired", {ago: lasted(now - exp)}];
    if (nbf && nbf > now) return ["bad", "early", {left: lasted(nbf - now)}];
    if (exp) return ["", "valid", {left: lasted(exp - now)}];
  } catch { /* no JWT: nothing is known of it */ }
  return null;
}

function lasted(whole) {
  const units = [[86400, "d"], [3600, "h"], [60, "min"]].find(([size]) => whole >= size) || [1, "s"];
  return `${Math.round(whole / units[0])} ${text(units[1])}`;
}

function dial() {
  clearTimeout(timer);
  timer = 0;
  let address;
  try {
    address = new URL(byId("url").value.trim());
  } catch {
    say("bad", "address-wrong");
    return;
  }
  const token = byId("token").value.trim(), name = byId("parameter").value.trim();
  if (token && name) address.searchParams.set(name, token);
  const protocols = byId("protocols").value.split(",").map((one) => one.trim()).filter(Boolean);
  const one = {url: shownUrl(address), started: new Date().toISOString(), opened: null, ended: null, code: null, clean: null, reason: "", error: "", sent: 0, received: 0, quiet: null};
  const began = performance.now(), number = tries.push(one);
  let last = began;
  say("", "dialling", () => ({url: one.url, number}));
  if (location.protocol === "https:" && address.protocol === "ws:") say("hint", "mixed");
  if (location.protocol === "file:") say("hint", "from-file");
  const told = token ? tokenSays(token) : null;
  if (told) say(told[0], told[1], () => told[2]);
  try {
    socket = new WebSocket(address, protocols);
  } catch (error) {  // the browser refuses to dial: mixed content, a wrong address or protocol
    one.error = `${error.name}: ${error.message}`.split(String(address)).join(one.url);
    one.ended = seconds(performance.now() - began);
    say("bad", "refused", () => ({error: one.error}));
    state();
    return;
  }
  const own = socket;
  own.binaryType = "arraybuffer";
  own.onopen = () => {
    last = performance.now();
    one.opened = seconds(last - began);
    say("good", "opened", () => ({after: one.opened}), () => [own.protocol && `Sec-WebSocket-Protocol: ${own.protocol}`, own.extensions && `Sec-WebSocket-Extensions: ${own.extensions}`].filter(Boolean));
    state();
  };
  own.onmessage = ({data}) => {
    last = performance.now();
    one.received += 1;
    const size = typeof data === "string" ? new Blob([data]).size : data.byteLength;
    say("", "received", () => ({size}), () => typeof data === "string" ? [data.slice(0, 400)] : []);
  };
  own.onerror = () => {
    if (one.opened === null) say("bad", "failed", () => ({}), () => [text("why")]);
  };
  own.onclose = ({code, wasClean, reason}) => {
    const now = performance.now();
    Object.assign(one, {ended: seconds(now - began), code, clean: wasClean, reason, quiet: one.opened === null ? null : seconds(now - last)});
    const known = KNOWN.codes.find((row) => row.code <= code && code <= row.last);
    const causes = known ? (one.opened === null ? known.causes : known.once_open) : [];
    say(code === 1000 && wasClean ? "" : "bad", "ended", () => ({code, title: known ? known.title[lang] : "?", after: one.ended}), () => [
      `wasClean: ${wasClean}` + (reason ? `, reason: ${reason}` : ""),
      ...(known ? [known.explain[lang]] : []),
      ...(causes.length ? [text("causes", {causes: causes.map((cause) => cause[lang]).join(", ")})] : []),
    ]);
    if (byId("again").checked && own === socket) timer = setTimeout(dial, 1000 * Number(byId("wait").value || 0));
    state();
  };
  state();
}

function stop() {
  clearTimeout(timer);
  timer = 0;
  byId("again").checked = false;
  if (socket && socket.readyState < 2) socket.close(1000);
  state();
}

function send() {
  const words = byId("text").value;
  socket.send(words);
  tries[tries.length - 1].sent += 1;
  say("", "sent", () => ({size: new Blob([words]).size}));
}

function save() {
  const head = {wslogs: "testpage/1", version: KNOWN.version, page: location.protocol.startsWith("http") ? location.origin : "", agent: navigator.userAgent};
  const whole = [head, ...tries].map((one) => JSON.stringify(one)).join("\n") + "\n", link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([whole], {type: "application/x-ndjson"}));
  link.download = `wslogs-testpage-${new Date().toISOString().slice(0, 19).replace(/[-:T]/g, "")}.jsonl`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

byId("url").value = (location.protocol.startsWith("http") ? `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}` : "wss://localhost") + "/api/v1/ws";
byId("form").addEventListener("submit", (event) => { event.preventDefault(); dial(); });
byId("close").addEventListener("click", stop);
byId("send").addEventListener("click", send);
byId("save").addEventListener("click", save);
byId("clear").addEventListener("click", () => { said.length = tries.length = 0; byId("log").replaceChildren(); state(); });
for (const one of ["ru", "en"]) byId(one).addEventListener("click", () => { lang = one; translate(); });
translate();
