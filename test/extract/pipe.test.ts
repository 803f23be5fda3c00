import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../src/duckdb/database.ts';
import { literal } from '../../src/duckdb/quote.ts';
import { pipesIn } from '../../src/extract/pipe.ts';

let directory: string;
let database: Database;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-pipe-'));
  database = await Database.inMemory({ memoryLimit: '300MB', threads: 2, tempDirectory: directory });
});

afterEach(async () => {
  database.close();
  await rm(directory, { recursive: true, force: true });
});

function relation(path: string): string {
  return `read_csv(${literal(path)}, auto_detect=false, header=false, delim=',', quote='"', escape='"', new_line='\\n', nullstr='', allow_quoted_nulls=false, columns={'a': 'VARCHAR', 'b': 'VARCHAR'})`;
}

async function count(path: string, database: Database): Promise<number> {
  const session = await database.connect();
  const row = await session.first<{ n: string }>(`SELECT count(a) AS n FROM ${relation(path)}`);
  return Number(row?.n);
}

describe('a pipe into DuckDB', () => {
  it('carries a table that is written before the reader comes', async () => {
    const pipe = await pipesIn(directory)();
    const written = pipe.write(Buffer.from('1,x\n2,y\n')).then(() => pipe.end());
    await sleep(50);
    const [rows] = await Promise.all([count(pipe.path, database), written]);
    expect(rows).toBe(2);
    pipe.destroy();
    expect(existsSync(pipe.path)).toBe(false);
  });

  it('carries an empty table', async () => {
    const pipe = await pipesIn(directory)();
    const [rows] = await Promise.all([count(pipe.path, database), pipe.end()]);
    expect(rows).toBe(0);
  });

  it('carries eight tables at once, more than the pool of threads that DuckDB and fs share', async () => {
    const fresh = pipesIn(directory);
    const line = Buffer.from(`${'v'.repeat(90)},${'w'.repeat(90)}\n`.repeat(1_000));
    const rows = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const pipe = await fresh();
        const feed = async () => {
          for (let block = 0; block < 20 + index; block++) await pipe.write(line);
          await pipe.end();
        };
        const [read] = await Promise.all([count(pipe.path, database), feed()]);
        return read;
      }),
    );
    expect(rows).toEqual(Array.from({ length: 8 }, (_, index) => (20 + index) * 1_000));
  });

  it('tells the writer when the reader fails', async () => {
    const pipe = await pipesIn(directory)();
    const feed = async () => {
      await pipe.write(Buffer.from('1,x,too,many\n'));
      for (let block = 0; block < 100; block++) await pipe.write(Buffer.alloc(1 << 20, '1,x\n'));
      await pipe.end();
    };
    const [read, fed] = await Promise.allSettled([count(pipe.path, database), feed()]);
    expect(read.status).toBe('rejected');
    expect(fed).toMatchObject({ status: 'rejected', reason: { code: 'source_failed', retryable: true } });
  });

  it('lets a waiting reader go when it is destroyed before anything was written', async () => {
    const pipe = await pipesIn(directory)();
    const read = count(pipe.path, database);
    await sleep(50);
    pipe.destroy();
    await expect(read).resolves.toBe(0);
    await expect(pipe.write(Buffer.from('1,x\n'))).rejects.toMatchObject({ code: 'source_failed' });
  });

  it('leaves no file for a reader that comes after it was destroyed', async () => {
    const pipe = await pipesIn(directory)();
    pipe.destroy();
    await expect(count(pipe.path, database)).rejects.toThrow(/No files found/);
  });

  it('fails a writer that waits for room when it is destroyed', async () => {
    const pipe = await pipesIn(directory)();
    const waiting = pipe.write(Buffer.from('1,x\n'));
    await sleep(10);
    pipe.destroy();
    await expect(waiting).rejects.toMatchObject({ code: 'source_failed' });
  });
});
