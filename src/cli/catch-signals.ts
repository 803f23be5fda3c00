/** Ctrl-C and SIGTERM: the first asks the work to stop cleanly, the second ends the process at once. */
import { AttacheError } from '../errors/attache-error.ts';

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

export function catchSignals(): { signal: AbortSignal; exitCodeOfSignal(): number | null } {
  const stop = new AbortController();
  let exitCode: number | null = null;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (exitCode !== null) endAtOnce(name);
      exitCode = exitCodes[name];
      stop.abort(
        new AttacheError('cancelled', {
          message: 'Stopped.',
          hint: 'What was live before still is. The same command goes on from here.',
        }),
      );
    });
  }
  return { signal: stop.signal, exitCodeOfSignal: () => exitCode };
}

/** The signal as if nobody had caught it: an ordinary exit would wait for the queries that DuckDB runs on other threads. */
function endAtOnce(name: keyof typeof exitCodes): void {
  process.removeAllListeners(name);
  process.kill(process.pid, name);
}
