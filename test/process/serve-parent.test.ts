/** What becomes of a child when its parent is gone. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { foreignMeta, temporaryFolder, writeForeign } from '../helpers/extracts.ts';
import { finish, startDa } from '../helpers/run-da.ts';

const endless = 'CREATE VIEW endless AS SELECT i FROM range(1000000000000) t(i)';

describe('a child whose parent was killed', () => {
  it('ends at once, also in the middle of a query without end', async () => {
    await using data = await temporaryFolder();
    await writeForeign(data.directory, 'slow', [
      foreignMeta,
      endless,
      "INSERT INTO _meta (table_name) VALUES ('endless')",
    ]);
    const rebuild = startDa(['rebuild', '--data-dir', data.directory]);
    const ended = finish(rebuild);
    const child = await until(() => childThatWrites(data.directory, 'endless.parquet'));
    rebuild.kill('SIGKILL');
    await ended;
    await until(() => (isAlive(child) ? null : 'gone'));
    expect(isAlive(child)).toBe(false);
  });
});

/** The process whose scratch folder holds `file`. */
function childThatWrites(dataDirectory: string, file: string): number | null {
  const scratch = join(dataDirectory, '.da/scratch');
  const folders = existsSync(scratch) ? readdirSync(scratch) : [];
  const found = folders.find((folder) => existsSync(join(scratch, folder, file)));
  return found === undefined ? null : Number.parseInt(found, 10);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function until<Value>(look: () => Value | null): Promise<Value> {
  for (;;) {
    const found = look();
    if (found !== null) return found;
    await sleep(50);
  }
}
