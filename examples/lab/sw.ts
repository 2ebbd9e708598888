// The service worker: it caches all files of the built page, which then works offline. vite.config.ts writes the list of files
// and their version into it. So each build has a new worker and a new cache, and the old cache is deleted.

declare const FILES: string[];
declare const VERSION: string;

// The types of pages and of service workers cannot be used together, so those used here are declared.
interface Extendable extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface Fetched extends Event {
  request: Request;
  respondWith(response: Promise<Response>): void;
}
const worker = self as unknown as {
  registration: { scope: string };
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
  addEventListener(name: 'install' | 'activate', listener: (event: Extendable) => void): void;
  addEventListener(name: 'fetch', listener: (event: Fetched) => void): void;
};
const name = `fanwise-lab ${VERSION}`;
const within = (path: string) => new URL(path, worker.registration.scope).href;

worker.addEventListener('install', (event) => {
  const fill = async () => {
    const cache = await caches.open(name);
    await cache.addAll(FILES.map((path) => new Request(within(path), { cache: 'reload' })));
    await worker.skipWaiting();
  };
  event.waitUntil(fill());
});

worker.addEventListener('activate', (event) => {
  const tidy = async () => {
    for (const old of await caches.keys()) if (old.startsWith('fanwise-lab ') && old !== name) await caches.delete(old);
    await worker.clients.claim();
  };
  event.waitUntil(tidy());
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(worker.registration.scope)) return;
  const answer = async () => {
    const page = request.mode === 'navigate' ? within('./') : request.url;
    return (await (await caches.open(name)).match(page, { ignoreVary: true })) ?? fetch(request);
  };
  event.respondWith(answer());
});
