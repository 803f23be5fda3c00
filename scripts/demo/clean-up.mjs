/** What the demo started, it stops: at its end, at a failure, and at Ctrl-C. */

const actions = [];
let cleaning = null;
let stop;

/** Resolves at Ctrl-C or SIGTERM; `reason` is what an interrupted step throws then. */
export const stopped = Object.assign(
  new Promise((resolve) => {
    stop = resolve;
  }),
  { reason: new Error('stopped'), happened: false },
);

export function onCleanUp(action) {
  actions.push(action);
}

/** Runs every action once, the latest first. */
export function cleanUp() {
  cleaning ??= (async () => {
    for (const action of actions.reverse()) await Promise.resolve(action()).catch(() => {});
  })();
  return cleaning;
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.on(signal, async () => {
    if (stopped.happened) process.exit(code);
    stopped.happened = true;
    stop();
    await cleanUp();
    process.exit(code);
  });
}
