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
