/** BigQuery → live table: by Storage Read against a reader that discards, and by REST. The double runs in a process of its own. */
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { measureExtraction } from './extraction/measure-extraction.mjs';
import { figure } from './summary/figure.mjs';

const aims = { ratio: 2, peakMegabytes: 700, restRowsPerSecond: 50_000 };
const folder = fileURLToPath(new URL('./bigquery/', import.meta.url));

/** 12 columns of mixed types. */
const schema = [
  ['id', 'INT64'],
  ['customer', 'INT64'],
  ['amount', 'NUMERIC'],
  ['score', 'FLOAT64'],
  ['flag', 'BOOL'],
  ['day', 'DATE'],
  ['created_at', 'TIMESTAMP'],
  ['local_time', 'DATETIME'],
  ['code', 'STRING'],
  ['city', 'STRING'],
  ['note', 'STRING'],
  ['sparse', 'INT64'],
].map(([name, type]) => ({ name, type }));

const select = (count) => `SELECT i, (hash(i) % 1000000)::BIGINT, ((hash(i) % 100000000) / 100)::DECIMAL(38, 9),
  (hash(i + 1) % 1000000007) / 1000, i % 2 = 0, DATE '2020-01-01' + (i % 1500)::INTEGER, TIMESTAMPTZ '2020-01-01 00:00:00+00' + to_seconds(i),
  TIMESTAMP '2020-01-01' + to_seconds(i), md5(i::VARCHAR)[1:16], 'city ' || (i % 100), 'a note on row ' || i,
  CASE WHEN i % 10 = 0 THEN NULL ELSE i % 100 END FROM range(${count}) t(i)`;

export default async function run({ short = false } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'da-bench-bigquery-'));
  const count = short ? 400_000 : 2_000_000;
  const restCount = short ? 100_000 : 400_000;
  const double = await serve([
    { table: 'big', schema, fromDuck: select(count) },
    { table: 'middle', schema, fromDuck: select(restCount) },
  ]);
  try {
    // The double builds its messages at the first look; that is not what is measured.
    discard(double, 'big');
    await extract(double, directory, 'big', {});
    const rounds = [];
    for (let round = 0; round < (short ? 1 : 3); round += 1) {
      const reference = discard(double, 'big');
      const ours = await extract(double, directory, 'big', {});
      console.log(`  ${ours.seconds.toFixed(2)} s against ${reference.seconds.toFixed(2)} s`);
      rounds.push({ ...ours, reference: reference.seconds, bytes: reference.bytes });
    }
    const best = (pick) => Math.min(...rounds.map(pick));
    const ratio = best((round) => round.seconds) / best((round) => round.reference);
    const peak = Math.max(...rounds.map((round) => round.peakMegabytes));
    console.log(
      `bigquery: Storage Read, ${count} rows × 12 (${(rounds[0].bytes / 1e6).toFixed(0)} MB) → live table ${best((round) => round.seconds).toFixed(2)} s; sent to a reader that discards ${best((round) => round.reference).toFixed(2)} s; ratio ${ratio.toFixed(2)} (aim ≤ ${aims.ratio}); peak of the child ${peak.toFixed(0)} MB (aim < ${aims.peakMegabytes})`,
    );
    const writing = best((round) => round.writing);
    console.log(
      `bigquery: of that, writing the rows takes DuckDB alone ${writing.toFixed(2)} s on both cores; receiving and writing one after the other ${((best((round) => round.reference) + writing) / best((round) => round.reference)).toFixed(2)}`,
    );
    const rest = await extract(double, directory, 'middle', { storage_read: 'never' });
    const rate = restCount / rest.seconds;
    console.log(
      `bigquery: REST, ${restCount} rows × 12 → live table ${rest.seconds.toFixed(2)} s, ${Math.round(rate)} rows/s (aim ≥ ${aims.restRowsPerSecond}); peak ${rest.peakMegabytes.toFixed(0)} MB`,
    );
    figure({ name: 'bigquery: Storage Read', value: ratio, atMost: aims.ratio, peakMegabytes: peak });
    figure({
      name: 'bigquery: REST',
      value: rate,
      unit: 'rows/s',
      atLeast: aims.restRowsPerSecond,
      peakMegabytes: rest.peakMegabytes,
    });
    return { name: 'bigquery', ratio, aim: aims.ratio, peakMegabytes: peak, restRowsPerSecond: rate };
  } finally {
    double.process.stdin.end();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function serve(tables) {
  const child = spawn(process.execPath, [join(folder, 'serve.mjs'), JSON.stringify({ tables })], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
  });
  for await (const line of createInterface({ input: child.stdout })) return { process: child, ...JSON.parse(line) };
  throw new Error('the double ended before it listened');
}

function discard({ storage_endpoint }, table) {
  return JSON.parse(
    execFileSync(process.execPath, [join(folder, 'discard.mjs'), storage_endpoint, table], { encoding: 'utf8' }),
  );
}

/** Seconds DuckDB needs to write those rows, with nobody sending them. */
function writeAgain(parts, target) {
  const files = readdirSync(parts).map((file) => join(parts, file));
  const said = execFileSync(process.execPath, [join(folder, 'write-again.mjs'), target, ...files], {
    encoding: 'utf8',
  });
  rmSync(target);
  return JSON.parse(said).seconds;
}

async function extract({ api_endpoint, storage_endpoint }, directory, table, settings) {
  const request = {
    runId: randomUUID(),
    dataDirectory: join(directory, randomUUID()),
    source: {
      name: 'lab',
      type: 'bigquery',
      schedule: null,
      settings: { project: 'lab', api_endpoint, storage_endpoint, ...settings },
    },
    tables: [
      {
        id: table,
        bucket: 'd',
        source_table: table,
        primary_key: [],
        sync_strategy: 'full_refresh',
        query_mode: 'local',
        description: null,
        options: {},
      },
    ],
    secrets: {},
    duckdb: { memoryLimit: '500MB', threads: 2, extensionDirectories: [] },
    limits: { extractMemoryBytes: 2e9, extractTimeMs: 600_000, graceMs: 0 },
  };
  const measured = await measureExtraction(request);
  const writing = writeAgain(join(request.dataDirectory, 'extracts/lab/data', table), join(directory, 'again.parquet'));
  rmSync(request.dataDirectory, { recursive: true, force: true });
  return { ...measured, writing };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run({ short: process.argv.includes('--short') });
