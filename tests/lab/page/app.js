const settings = @settings@;
const apiBase = localStorage.getItem("api_base") ?? settings.apiBase;
const wsBase = settings.wsBase ?? apiBase.replace(/^http/, "ws");

const wsPath = localStorage.getItem("ws_path") ?? settings.wsPath;
const firstWaitMs = Number(localStorage.getItem("first_wait_ms") ?? settings.firstWaitMs);

const words = {
  ru: {
    dial: (n) => console.log(`[socket] подключаюсь (попытка ${n})`),
    open: () => console.log("[socket] соединение открыто"),
    error: (event) => console.error("[socket] ошибка", event),
    close: (event) => console.warn(`[socket] закрыто, код ${event.code}${event.reason ? `, причина: ${event.reason}` : ""}`),
    retry: (ms) => console.log(`[socket] новая попытка через ${ms / 1000} с`),
    stop: (n) => console.error(`[socket] сервер недоступен, попыток: ${n}`),
  },
  en: {
    dial: (n) => console.info(`realtime: dialing #${n}`),
    open: () => console.info("realtime: connected"),
    error: (event) => console.error(`realtime: ${event.type}`),
    close: (event) => console.warn(`realtime: disconnected (code=${event.code}, clean=${event.wasClean}) ${event.reason}`),
    retry: (ms) => console.info(`realtime: retrying in ${ms} ms`),
    stop: (n) => console.error(`realtime: gave up after ${n} tries`),
  },
  objects: {
    dial: (n) => console.log("[ws] connect", { attempt: n }),
    open: () => console.log("[ws] open"),
    error: (event) => console.error("[ws] error", event),
    close: (event) => console.log("[ws] close", event),
    retry: () => {},
    stop: (n) => console.error("[ws] no connection", { attempts: n }),
  },
}[settings.words];

function announce(what, detail) {
  window.dispatchEvent(new CustomEvent("realtime", { detail: { what, at: Date.now(), ...detail } }));
}

let dialed = 0;

class Realtime {
  inARow = 0;
  finished = false;

  dial() {
    const number = ++dialed;
    const url = `${wsBase}${wsPath}?${settings.tokenName}=${localStorage.getItem("access_token")}`;
    words.dial(number);
    announce("dial", { number, url });
    let socket;
    try {
      socket = settings.protocols.length ? new WebSocket(url, settings.protocols) : new WebSocket(url);
    } catch (error) {
      console.error(error);
      announce("threw", { number, error: String(error) });
      this.again();
      return;
    }
    this.socket = socket;
    socket.addEventListener("open", () => this.opened(socket, number));
    socket.addEventListener("error", (event) => words.error(event));
    socket.addEventListener("message", (event) => this.received(event));
    socket.addEventListener("close", (event) => this.closed(event, number));
    if (settings.impatientMs) setTimeout(() => socket.readyState === WebSocket.CONNECTING && socket.close(), settings.impatientMs);
  }

  opened(socket, number) {
    this.inARow = 0;
    words.open();
    announce("open", { number });
    if (settings.subscribe) socket.send(JSON.stringify({ type: "subscribe", channel: settings.subscribe }));
    if (settings.uploadBytes) socket.send(JSON.stringify({ type: "draft", text: "я".repeat(settings.uploadBytes / 2) }));
    if (settings.sendBytes) socket.send(new Uint8Array(settings.sendBytes).fill(7));
    if (settings.heartbeatMs) {
      this.heartbeat = setInterval(() => socket.send(JSON.stringify({ type: "ping" })), settings.heartbeatMs);
    }
    if (settings.leaveAfterMs) setTimeout(() => this.leave(), settings.leaveAfterMs);
  }

  received(event) {
    const item = document.createElement("li");
    item.textContent = String(event.data).slice(0, 80);
    document.getElementById("feed").prepend(item);
  }

  closed(event, number) {
    clearInterval(this.heartbeat);
    words.close(event);
    announce("close", { number, code: event.code, reason: event.reason, clean: event.wasClean });
    if (!this.finished) this.again();
  }

  again() {
    this.inARow += 1;
    if (this.inARow >= settings.tries) {
      words.stop(this.inARow);
      return;
    }
    if (dialed === settings.dials) return;
    const wait = Math.min(firstWaitMs * settings.growth ** (this.inARow - 1), 8000);
    words.retry(wait);
    setTimeout(() => this.dial(), wait);
  }

  leave() {
    this.finished = true;
    this.socket.close(1000, "bye");
  }
}

// What StrictMode makes of an effect: mounted, cleaned up, mounted again.
function unmount() {
  const first = new Realtime();
  first.dial();
  first.finished = true;
  first.socket.close();
}

async function request(path) {
  const token = localStorage.getItem("access_token");
  const response = await fetch(`${settings.restBase ?? apiBase}${path}`, { headers: { Authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

function start() {
  for (const path of settings.fetches) request(path).catch(() => {});
  for (let number = 0; number * 3000 < settings.cookieBytes; number++) {
    document.cookie = `filter_${number}=${"0".repeat(3000)}; path=${wsPath.startsWith("/api") ? wsPath : `/api/v1${wsPath}`}`;
  }
  for (let mount = 1; mount < settings.mounts; mount++) unmount();
  const realtime = new Realtime();
  realtime.dial();
  for (const [path, everyMs] of settings.polls) setInterval(() => request(path).catch(() => {}), everyMs);
}

start();
