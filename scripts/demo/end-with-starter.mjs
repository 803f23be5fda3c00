/** Loaded before the demo's server: ends it as Ctrl-C would when standard input closes, which also happens when the demo is killed. */
process.stdin.once('close', () => process.kill(process.pid, 'SIGTERM')).resume();
process.stdin.unref();
