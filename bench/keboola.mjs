/**
 * A Keboola table of 4 M rows in 8 gz slices over loopback → live table, against DuckDB alone on the same slices as local files: both by the clock and by CPU, which a busy machine
 * colours less. And 200 unchanged tables, each asked for by one request, against 200 small round trips to a stack that is as far away as a near one is.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { measureExtraction } from './extraction/measure-extraction.mjs';
import { cpuSecondsOfEnded } from './processes/process-usage.mjs';
import { figure } from './summary/figure.mjs';

const aims = { ratio: 1.5, peakMegabytes: 700, unchangedRatio: 1 };
const duckdb = { memoryLimit: '400MB', threads: 2, extensionDirectories: [] };
const slices = 8;
const smallTables = 200;
/** On loopback a round trip is CPU alone and eight at once are no faster than one, so the stack is put at a distance. */
const latencyMs = 25;
const variable = 'KEBOOLA_STORAGE_TOKEN';

/** 15 columns, about 160 bytes a row, each declared by a person. */
const columns = [
  ['id', 'INTEGER', 'i'],
  ['customer', 'INTEGER', '(hash(i) % 1000000)'],
  ['amount', 'NUMERIC', '((hash(i) % 100000000) / 100)::DECIMAL(18, 2)'],
  ['score', 'FLOAT', '(hash(i + 1) % 1000000007) / 1000'],
  ['day', 'DATE', "date '2020-01-01' + (i % 1500)::INTEGER"],
  ['moment', 'TIMESTAMP', "timestamp '2020-01-01' + to_seconds(i)"],
  ['flag', 'BOOLEAN', 'i % 2 = 0'],
  ['code', 'STRING', 'md5((i % 50000)::VARCHAR)'],
  ['city', 'STRING', "'city ' || (i % 100)"],
  ['note', 'STRING', '\'some longer text, "quoted" here and there \' || i'],
  ['small', 'INTEGER', 'i % 7'],
  ['triple', 'INTEGER', 'i * 3'],
  ['constant', 'STRING', "'x'"],
  ['sparse', 'INTEGER', "CASE WHEN i % 10 = 0 THEN '' ELSE (i % 100)::VARCHAR END"],
  ['other', 'STRING', "'other ' || (i % 1000)"],
];
const casts = {
  INTEGER: 'BIGINT',
  NUMERIC: 'DECIMAL(38,9)',
  FLOAT: 'DOUBLE',
  DATE: 'DATE',
  TIMESTAMP: 'TIMESTAMP',
  BOOLEAN: 'BOOLEAN',
  STRING: 'VARCHAR',
};

export default async function run({ short = false } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'da-bench-keboola-'));
  const rows = short ? 400_000 : 4_000_000;
  const double = await serve({ sliceRows: Math.ceil(rows / slices), jobsParallelism: 10 }, [bigTable(rows)]);
  let far = null;
  try {
    Object.assign(process.env, double.environment);
    const files = await writeSlices(directory, rows);
    // Once unmeasured: the service makes the export and answers later ones from its cache.
    await extract(double, join(directory, 'warm'), [big]);
    const rounds = [];
    for (const round of [1, 2, 3]) {
      const reference = runReference(files, join(directory, 'reference.parquet'));
      rounds.push({ reference, ours: await extract(double, join(directory, `round${round}`), [big]) });
    }
    for (const { ours, reference } of rounds) console.log(`  ${said(ours)} against ${said(reference)}`);
    const best = (side, measure) => Math.min(...rounds.map((round) => round[side][measure]));
    const ratioOf = (measure) => best('ours', measure) / best('reference', measure);
    const [ratio, cpuRatio] = [ratioOf('seconds'), ratioOf('cpuSeconds')];
    const plain = runReference(files, join(directory, 'reference.parquet'), { ownDecimals: true });
    console.log(
      `  DuckDB with its own cast of decimals: ${said(plain)}, ratio ${(best('ours', 'seconds') / plain.seconds).toFixed(2)}, of CPU ${(best('ours', 'cpuSeconds') / plain.cpuSeconds).toFixed(2)}`,
    );
    const peakMegabytes = Math.max(...rounds.map(({ ours }) => ours.peakMegabytes));
    console.log(
      `keboola: ${rows} rows in ${slices} gz slices → live table ${best('ours', 'seconds').toFixed(2)} s; DuckDB alone on local files ${best('reference', 'seconds').toFixed(2)} s; ratio ${ratio.toFixed(2)} (aim ≤ ${aims.ratio}), of CPU ${cpuRatio.toFixed(2)}; peak of the child ${peakMegabytes.toFixed(0)} MB (aim < ${aims.peakMegabytes})`,
    );
    await double.stop();
    far = await serve(
      { latencyMs },
      Array.from({ length: smallTables }, (_, n) => ({
        id: `in.c-main.small_${n}`,
        columns: ['id', 'name'],
        primaryKey: ['id'],
        rows: [[String(n), 'x']],
      })),
    );
    Object.assign(process.env, far.environment);
    const unchanged = await unchangedTables(far, join(directory, 'small'));
    await far.stop();
    figure({ name: 'keboola: a large table', value: ratio, atMost: aims.ratio, peakMegabytes });
    figure({ name: 'keboola: unchanged tables', value: unchanged, atMost: aims.unchangedRatio });
    return { name: 'keboola', ratio, cpuRatio, peakMegabytes, unchangedRatio: unchanged, aims };
  } finally {
    double.child.kill();
    far?.child.kill();
    rmSync(directory, { recursive: true, force: true });
  }
}

function said({ seconds, cpuSeconds }) {
  return `${seconds.toFixed(2)} s (CPU ${cpuSeconds.toFixed(2)} s)`;
}

const big = request('big', 'in.c-main.big', ['id']);

function request(id, source_table, primary_key) {
  return {
    id,
    bucket: 'in.c-main',
    source_table,
    primary_key,
    sync_strategy: 'full_refresh',
    query_mode: 'local',
    description: null,
    options: {},
  };
}

function bigTable(rows) {
  return {
    id: 'in.c-main.big',
    primaryKey: ['id'],
    columns: columns.map(([name, basetype]) => ({
      name,
      metadata: [{ key: 'KBC.datatype.basetype', value: basetype }],
    })),
    rows: { sql: `SELECT ${columns.map(([, , sql]) => sql).join(', ')} FROM range(${rows}) r(i)` },
  };
}

async function serve(options, tables) {
  const spec = { options, tables };
  const program = fileURLToPath(new URL('../test/doubles/keboola-storage/serve.mjs', import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(spec)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const stop = async () => {
    child.stdin.end();
    const [code] = await ended;
    if (code !== 0) throw new Error('the client broke the protocol of the service');
  };
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, stop, ...JSON.parse(line) };
}

/** The same rows in the same slices, as files. */
async function writeSlices(directory, rows) {
  const folder = join(directory, 'slices');
  mkdirSync(folder);
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: duckdb.memoryLimit,
    threads: '2',
    temp_directory: join(directory, 'spill'),
  });
  const connection = await instance.connect();
  const files = [];
  for (let slice = 0; slice < slices; slice += 1) {
    const [from, to] = [slice, slice + 1].map((n) => n * Math.ceil(rows / slices));
    const file = join(folder, `${slice}.csv.gz`);
    await connection.run(
      `COPY (SELECT ${columns.map(([name, , sql]) => `${sql} AS ${name}`).join(', ')} FROM range(${from}, ${Math.min(to, rows)}) r(i)) TO '${file}' (FORMAT csv, HEADER false, COMPRESSION gzip)`,
    );
    files.push(file);
  }
  connection.closeSync();
  instance.closeSync();
  return files;
}

/** A fresh process with the same memory and threads: reads, casts, sorts by the key and writes what we write. Decimals are cast the cheap way, as we do: DuckDB's own one would flatter us. */
function runReference(files, target, { ownDecimals = false } = {}) {
  const wire = columns.map(([name]) => `'${name}': 'VARCHAR'`).join(', ');
  const select = columns
    .map(([name, type]) =>
      type === 'STRING' ? name : `${castOf(type, `nullif(${name}, '')`, ownDecimals)} AS ${name}`,
    )
    .join(', ');
  const read = `read_csv([${files.map((file) => `'${file}'`).join(', ')}], auto_detect = false, header = false, delim = ',', quote = '"', escape = '"', new_line = '\\n', nullstr = '', allow_quoted_nulls = false, compression = 'gzip', columns = {${wire}})`;
  const sql = `COPY (SELECT * FROM (SELECT ${select} FROM ${read}) ORDER BY id) TO '${target}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)`;
  const script = `
    const { DuckDBInstance } = require('@duckdb/node-api');
    (async () => {
      const instance = await DuckDBInstance.create(':memory:', { memory_limit: '${duckdb.memoryLimit}', threads: '${duckdb.threads}', temp_directory: ${JSON.stringify(join(tmpdir(), 'da-bench-spill'))} });
      const connection = await instance.connect();
      await connection.run(${JSON.stringify(sql)});
      process.exit(0);
    })();`;
  const [started, cpu] = [performance.now(), cpuSecondsOfEnded()];
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: new URL('..', import.meta.url) });
  if (status !== 0) throw new Error(`the reference failed: ${stderr}`);
  return { seconds: (performance.now() - started) / 1000, cpuSeconds: cpuSecondsOfEnded() - cpu };
}

function castOf(type, text, ownDecimals) {
  const plain = `CAST(${text} AS ${casts[type]})`;
  return type === 'NUMERIC' && !ownDecimals
    ? `coalesce(CAST(TRY_CAST(${text} AS DECIMAL(18,9)) AS ${casts[type]}), ${plain})`
    : plain;
}

function extract(double, dataDirectory, tables, options = {}) {
  const request = {
    runId: randomUUID(),
    dataDirectory,
    source: { name: 'keboola', type: 'keboola', settings: { url: double.url, token_env: variable }, schedule: null },
    tables,
    secrets: { [variable]: double.tokens.master },
    duckdb,
    limits: { extractMemoryBytes: 2e9, extractTimeMs: 900_000, graceMs: 0 },
  };
  return measureExtraction(request, options);
}

/** From the first table's start to the last one's end, against as many small requests one after the other, by eight. The whole run has the child's start, the sign-in and the published catalogue in it. */
async function unchangedTables(double, dataDirectory) {
  const tables = Array.from({ length: smallTables }, (_, n) => request(`small_${n}`, `small_${n}`, ['id']));
  await extract(double, dataDirectory, tables);
  const rounds = [];
  for (let round = 0; round < 3; round += 1) {
    const times = [];
    const onEvent = ({ kind }) => {
      if (kind === 'table_started' || kind === 'table_finished') times.push(performance.now());
    };
    const { seconds, cpuSeconds } = await extract(double, dataDirectory, tables, { statuses: ['unchanged'], onEvent });
    rounds.push({ ours: times.at(-1) - times[0], run: seconds * 1000, cpuSeconds, trips: await roundTrips(double) });
  }
  const best = (key) => Math.min(...rounds.map((round) => round[key]));
  const ratio = best('ours') / (best('trips') / 8);
  console.log(
    `keboola: ${smallTables} unchanged tables in ${best('ours').toFixed(0)} ms, the whole run ${best('run').toFixed(0)} ms (CPU ${best('cpuSeconds').toFixed(2)} s); ${smallTables} small round trips to a stack ${latencyMs} ms away ${best('trips').toFixed(0)} ms, by eight ${(best('trips') / 8).toFixed(0)} ms; ratio ${ratio.toFixed(2)} (aim ≤ ${aims.unchangedRatio})`,
  );
  return ratio;
}

async function roundTrips({ url, tokens }) {
  const started = performance.now();
  for (let n = 0; n < smallTables; n += 1) {
    const answer = await fetch(`${url}/v2/storage/tables/in.c-main.small_${n}`, {
      headers: { 'x-storageapi-token': tokens.master },
    });
    await answer.arrayBuffer();
  }
  return performance.now() - started;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await run({ short: process.argv.includes('--short') });
}
