// Reports rejected promises that nothing handles, such as that of a put without await. The runtime
// reports one at once, before an async function that returns it, or code that awaits it later, can
// handle it. So both events are written to the log, and its reader (output.py) shows what is still
// unhandled a moment later: in here, timers end with the request.

const rejections = new WeakMap();
let rejected = 0;

addEventListener("unhandledrejection", (event) => {
  rejected += 1;
  rejections.set(event.promise, rejected);
  console.error(`\u0000rejected ${rejected}`, event.reason);
});
addEventListener("rejectionhandled", (event) => {
  const number = rejections.get(event.promise);
  if (number !== undefined) console.error(`\u0000handled ${number}`);
});
