/** Another program that speaks BigQuery (local-bigquery from PyPI) serves our client what it holds, by both native paths. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lab } from './lab.ts';

const run = promisify(execFile);
const wanted = process.env.DA_FOREIGN_CLIENTS === '1';
/** It needs Python 3.13 or newer. */
const pythonProgram = process.env.DA_FOREIGN_PYTHON ?? 'python3';
const packages = [
  'local-bigquery==0.3.2',
  'duckdb==1.5.5',
  'duckdb-extensions==1.5.5',
  'duckdb-extension-icu==1.5.5',
  'duckdb-extension-ducklake==1.5.5',
  'duckdb-extension-spatial==1.5.5',
];
const bringExtensions = `
import duckdb_extensions
for name in ('icu', 'ducklake', 'spatial'): duckdb_extensions.import_extension(name)
`;
const columns = `
  n AS id, IF(MOD(n, 7) = 0, NULL, CAST(n AS NUMERIC) / 4) AS amount, CONCAT('row ', CAST(n AS STRING), ' ü😀') AS name,
  TIMESTAMP_ADD(TIMESTAMP '2024-01-01 00:00:00.123456+00', INTERVAL n SECOND) AS at, DATE '2024-02-29' AS day,
  [n, n + 1] AS list, STRUCT(n AS a, 'x' AS b) AS nested, n / 8 AS ratio, MOD(n, 2) = 0 AS even, 9223372036854775807 - n AS big`;
const truth = `
  SELECT count(*)::INTEGER AS rows, sum(amount)::VARCHAR AS amount, count(amount)::INTEGER AS known, min(name) AS first,
    max("at")::VARCHAR AS last, min(day)::VARCHAR AS day, sum(list[2])::VARCHAR AS list, sum(nested.a)::VARCHAR AS nested,
    sum(ratio) AS ratio, count_if(even)::INTEGER AS even, min(big)::VARCHAR AS big, typeof(any_value(amount)) AS decimal
  FROM t`;
const expected = {
  rows: 2500,
  amount: '669732.250000000',
  known: 2143,
  first: 'row 1 ü😀',
  last: '2024-01-01 00:41:40.123456+00',
  day: '2024-02-29',
  list: '3128750',
  nested: '3126250',
  ratio: 390781.25,
  even: 1250,
  big: '9223372036854773307',
  decimal: 'DECIMAL(38,9)',
};

describe.skipIf(!wanted)('local-bigquery 0.3.2', () => {
  let folder: string;
  let server: ChildProcess;
  let lab: Lab;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'foreign-server-'));
    await run(pythonProgram, ['-m', 'venv', join(folder, 'venv')]);
    const python = join(folder, 'venv', 'bin', 'python');
    await run(python, ['-m', 'pip', 'install', '--quiet', ...packages]);
    await run(python, ['-c', bringExtensions]);
    const [port, grpcPort] = [await freePort(), await freePort()];
    const address = ['--host', '127.0.0.1', '--port', String(port), '--grpc-port', String(grpcPort)];
    const data = ['--project', 'lab', '--dataset', 'd', '--data-dir', join(folder, 'data')];
    server = spawn(join(folder, 'venv', 'bin', 'local-bigquery'), [...address, ...data, 'serve'], { stdio: 'ignore' });
    const endpoint = `http://127.0.0.1:${port}`;
    const query = `CREATE TABLE d.orders AS SELECT ${columns} FROM UNNEST(GENERATE_ARRAY(1, 2500)) AS n`;
    await answering(`${endpoint}/bigquery/v2/projects/lab/queries`, { query, useLegacySql: false });
    lab = await Lab.open();
    lab.settings = { project: 'lab', api_endpoint: endpoint, storage_endpoint: `127.0.0.1:${grpcPort}` };
  }, 600_000);

  afterAll(async () => {
    server?.kill('SIGKILL');
    await lab?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is checked and lists its tables', async () => {
    expect((await lab.ask({ kind: 'check' })).summary).toContain('lab');
    const tables = await lab.ask({ kind: 'discover' });
    expect(tables.map((table) => `${table.bucket}.${table.source_table}`)).toEqual(['d.orders']);
  });

  it.each(['auto', 'never'])('gives every value exactly, Storage Read %s', async (storage_read) => {
    await lab.startOver();
    const result = await lab.sync(lab.table('orders'), { storage_read });
    expect(result).toMatchObject({ status: 'succeeded', rows: 2500, error: null });
    expect((await lab.published('orders', truth)).rows).toEqual([expected]);
  });
});

if (!wanted) {
  const reason =
    'local-bigquery did NOT run under our client: set DA_FOREIGN_CLIENTS=1 (needs PyPI and a python3 ≥ 3.13, or its path in DA_FOREIGN_PYTHON)';
  process.stderr.write(`${reason}\n`);
  it.skip(reason, () => {});
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Asks until the server is up, and throws what it answers when that is no success. */
async function answering(url: string, body: unknown): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`, { cause: 'answered' });
      return;
    } catch (error) {
      if ((error as Error).cause === 'answered' || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}
