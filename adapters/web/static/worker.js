// Runs for the installed inbox in the background. Nothing of a person is ever stored here: only
// the page that says that there is no connection, and what that one loads.

const CACHE = `tradebell ${VERSION}`;
const OFFLINE = "/inbox/offline";
const KEPT = [OFFLINE, "/static/page.css", "/static/bell.svg"];

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(KEPT)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(begin());
});

async function begin() {
  const old = (await caches.keys()).filter((name) => name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (request.mode === "navigate" && request.method === "GET") {
    event.respondWith(fetch(request).catch(() => caches.match(OFFLINE)));
  } else if (KEPT.includes(pathname)) {
    event.respondWith(fetch(request).catch(() => caches.match(pathname)));
  }
});

// --- what is pushed --------------------------------------------------------------------------

const RING = "/inbox/ring";
const SEEN = "/inbox/seen";

self.addEventListener("push", (event) => {
  event.waitUntil(arrived(event.data.json()));
});

async function arrived(told) {
  if (told.over && (await isLookedAt())) return close(told.tag);
  return show(told);
}

/** In the place of what has the same tag. Browsers want something to show for each push. */
function show(told) {
  const { title, body, tag, loud, stays, seen, at } = told;
  const actions = seen ? [{ action: "seen", title: told.seen_label }] : [];
  return self.registration.showNotification(title, {
    body,
    tag,
    renotify: loud && tag !== "",
    silent: !loud,
    requireInteraction: stays,
    ...(at && { timestamp: at }),
    icon: "/static/icon_192.png",
    badge: "/static/bell.svg",
    data: told,
    actions: [...actions, { action: "open", title: told.open }],
  });
}

async function close(tag) {
  for (const one of await self.registration.getNotifications({ tag })) one.close();
}

/** Those that show the inbox, be it from before this script was there, if that is wanted. */
async function windows(includeUncontrolled) {
  const all = await self.clients.matchAll({ type: "window", includeUncontrolled });
  return all.filter(({ url }) => new URL(url).pathname === "/inbox");
}

async function isLookedAt() {
  return (await windows(true)).some(({ visibilityState }) => visibilityState === "visible");
}

self.addEventListener("notificationclick", (event) => {
  const { action, notification } = event;
  notification.close();
  event.waitUntil(action === "seen" ? say(notification.data) : open(notification.data));
});

/** Nobody is left to believe that it was said when it was not. */
async function say(told) {
  try {
    const { done, told: words } = await asked(SEEN, { action: told.seen });
    if (!done) await show({ ...told, loud: false, seen: null, body: words || told.unsaid });
  } catch {
    await show({ ...told, loud: false, body: told.unsaid });
  }
}

async function open({ tag }) {
  const place = tag ? `/inbox#${tag}` : "/inbox";
  const [one] = await windows(false);
  if (!one) return self.clients.openWindow(place);
  await one.navigate(place);
  return one.focus();
}

self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(moved(event));
});

/** The push service has another address for this browser: the server knows it by the old one. */
async function moved({ oldSubscription, newSubscription }) {
  const { key, csrf } = await asked(RING);
  const options = { userVisibleOnly: true, applicationServerKey: key };
  const subscription = newSubscription ?? (await self.registration.pushManager.subscribe(options));
  await asked(RING, { csrf, subscription, before: oldSubscription?.endpoint ?? "" });
}

async function asked(place, said) {
  const body = said && { method: "POST", body: JSON.stringify(said), headers: { "Content-Type": "application/json" } };
  const answer = await fetch(place, body);
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}
