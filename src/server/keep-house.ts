/** What a server does now and then: back up its state, and drop merged files nobody asks for. */
import type { ServerParts } from './server-parts.ts';

const everyMs = 10 * 60_000;

export function keepHouse({ state, master, merged, log }: ServerParts): { stop(): Promise<void> } {
  let under: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    under = tidy();
  }, everyMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await under;
      await backUp();
    },
  };

  async function tidy(): Promise<void> {
    await backUp();
    const served = [...master.catalogue().sources.values()].flatMap((tables) => [...tables.values()]);
    await merged.sweep(served).catch((err: unknown) => log.warn({ err }, 'merged files could not be swept'));
  }

  /** A backup that fails is no reason to stop serving, but somebody must learn of it. */
  async function backUp(): Promise<void> {
    await state.backup().catch((err: unknown) => log.error({ err }, 'the state could not be backed up'));
  }
}
