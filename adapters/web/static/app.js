// What makes an app of the inbox: the script that runs in the background.

const WORKER = "/inbox/worker.js";

/** The registration, or `null` where the browser has none, as in private windows. */
export async function installed() {
  try {
    const policy = globalThis.trustedTypes?.createPolicy("worker", { createScriptURL: () => WORKER });
    return await navigator.serviceWorker.register(policy?.createScriptURL("") ?? WORKER, { scope: "/inbox" });
  } catch {
    return null;
  }
}
