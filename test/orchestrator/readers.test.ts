import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/extracts.ts';

interface Outcome {
  queries: number;
  errors: string[];
  mixed: number;
  short: number;
  generations: number;
}

const program = (name: string) => fileURLToPath(new URL(`../helpers/${name}.mjs`, import.meta.url));
/** The full form runs 200 generations; a quick one is enough to fail when a swap is not atomic. */
const generations = Number(process.env.DA_TEST_GENERATIONS ?? 25);

it(
  `lets readers in other processes query the master through ${generations} publishes and rebuilds without an error or a mix of generations`,
  async () => {
    await using data = await temporaryFolder();
    const writer = (first: number, count: number) =>
      fork(program('publish-and-rebuild'), [data.directory, String(first), String(count), ''], {
        env: { ...process.env, GRACE_MS: '60000' },
      });
    await once(writer(1, 1), 'close');
    await using started = processes();
    const readers = [1, 50].map((keep) =>
      started.add(fork(program('read-master'), [join(data.directory, 'analytics.duckdb'), String(keep)])),
    );
    await Promise.all(readers.map((reader) => once(reader, 'message')));
    const [code] = await once(started.add(writer(2, generations)), 'close');
    expect(code).toBe(0);
    const outcomes = await Promise.all(readers.map(finish));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ errors: [], mixed: 0, short: 0 });
      expect(outcome.queries).toBeGreaterThan(generations);
      expect(outcome.generations).toBeGreaterThan(3);
    }
    if (process.env.DA_TEST_GENERATIONS) console.log(outcomes);
  },
  60_000 + generations * 1_000,
);

/** Ends what a failed test would leave running. */
function processes() {
  const all: ChildProcess[] = [];
  return {
    add(child: ChildProcess) {
      all.push(child);
      return child;
    },
    async [Symbol.asyncDispose]() {
      for (const child of all) child.kill('SIGKILL');
    },
  };
}

async function finish(reader: ChildProcess): Promise<Outcome> {
  const told = once(reader, 'message');
  reader.send('stop');
  const [outcome] = (await told) as [Outcome];
  return outcome;
}
