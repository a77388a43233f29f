// Shows a rejected promise that nobody waits for, such as that of a put without await.
// The runtime tells of it as soon as the call is over, which is before an async function that
// returns the promise, or a Promise.all around it, has come to wait: so a few turns are waited.

const TURNS = 100;
const handled = new WeakSet();

addEventListener("rejectionhandled", (event) => handled.add(event.promise));
addEventListener("unhandledrejection", async (event) => {
  for (let turn = 0; turn < TURNS; turn++) await undefined;
  if (!handled.has(event.promise)) console.error("Uncaught (in promise)", event.reason);
});
