/**
 * A Postgres table of 15 columns and about 450 bytes a row → live table, natively and through DuckDB's extension, against `COPY … (FORMAT binary)` of the same table to /dev/null.
 *
 * In full 10 M rows, and beside it the tools of bench/peers that can be brought. `--rows N`; `--peers dlt,sling` runs some of them, `--no-peers` none.
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import { copyOut } from '../dist/connectors/postgres/copy-out.js';
import { bringPostgresExtension } from '../scripts/bring-extension.mjs';
import { startPostgres } from '../scripts/embedded-postgres.mjs';
import { extensionAlone } from './extraction/extension-alone.mjs';
import { measureExtraction } from './extraction/measure-extraction.mjs';
import { runPeers } from './peers/peers.mjs';
import { figure } from './summary/figure.mjs';

const aims = { native: { few: 2.6, many: 2.0 }, extension: { few: 1.3, many: 1.15 } };
const manyRows = 10_000_000;
const aimMegabytes = 700;
const duckdb = { memoryLimit: '400MB', threads: 2 };

const loadSql = (rows) => `
  CREATE TABLE events AS SELECT
    i::bigint AS id, (i % 1000)::int AS tenant, (i % 7)::smallint AS kind, md5(i::text)::uuid AS token,
    (ARRAY['new', 'open', 'paid', 'shipped', 'closed'])[1 + i % 5] AS status,
    'user' || (i % 50000) || '@example.com' AS email,
    (((i::bigint * 7919) % 10000000)::numeric / 100)::numeric(14,2) AS amount,
    (i * 0.37)::float8 AS ratio, i % 3 = 0 AS active, DATE '2020-01-01' + i % 1800 AS day,
    TIMESTAMPTZ '2020-01-01 00:00:00.123456+00' + i * INTERVAL '1 second' AS created,
    TIMESTAMP '2021-01-01 00:00:00.654321' + i * INTERVAL '1 second' AS updated,
    repeat(md5((i::bigint * 3)::text) || ' ', 4) AS note,
    jsonb_build_object('a', i, 'b', md5(i::text), 'tags', jsonb_build_array('x', 'y', i % 10), 'n', i * 1.5) AS payload,
    CASE WHEN i % 10 = 0 THEN NULL ELSE 'comment, with "quotes" ' || i END AS comment
  FROM generate_series(1, ${rows}) i;
  ALTER TABLE events ADD PRIMARY KEY (id);
  VACUUM (ANALYZE, FREEZE) events;
  CHECKPOINT;`;

/** Types that keep every value; JSON and identifiers may be text. */
const wantedTypes = {
  id: /^BIGINT$/,
  tenant: /^INTEGER$/,
  kind: /^SMALLINT$/,
  token: /^(UUID|VARCHAR)$/,
  status: /^VARCHAR$/,
  amount: /^DECIMAL\(\d+,\d+\)$/,
  ratio: /^DOUBLE$/,
  active: /^BOOLEAN$/,
  day: /^DATE$/,
  created: /^TIMESTAMP WITH TIME ZONE$/,
  updated: /^TIMESTAMP(_NS)?$/,
  payload: /^(JSON|VARCHAR)$/,
};

const checkSql = (table) => `SELECT count(*)::VARCHAR AS rows, sum(id)::VARCHAR AS ids, sum(amount)::VARCHAR AS amount,
  min(created)::VARCHAR AS first, max(created)::VARCHAR AS last, sum(length(note))::VARCHAR AS notes, count(comment)::VARCHAR AS comments FROM ${table}`;

export default async function run({
  short = false,
  rows = short ? 200_000 : manyRows,
  rounds = rows > 2_000_000 ? 1 : 3,
  peers = short ? null : true,
} = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'da-bench-postgres-'));
  const brought = await bringPostgresExtension();
  const engines = brought.reason === undefined ? ['native', 'extension'] : ['native'];
  if (brought.reason !== undefined) console.log(`postgres: native only, because ${brought.reason}`);
  const server = await startPostgres({ settings: { shared_buffers: '512MB', max_wal_size: '8GB', autovacuum: 'off' } });
  try {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    for (const statement of loadSql(rows).split(';')) if (statement.trim()) await client.query(statement);
    const expected = (await client.query(`SET TimeZone = 'UTC'; ${checkSql('events')}`))[1].rows[0];
    const measured = [];
    // One round is not counted: it fills the caches of both sides.
    for (let round = 0; round <= rounds; round += 1) {
      const floor = await floorSeconds(server, client);
      if (round === 0 && rows > 2_000_000) continue;
      const runs = {};
      for (const engine of engines)
        runs[engine] = await extract(join(directory, engine), server.url, expected, engine, brought.directory);
      if (runs.extension && runs.extension.parts !== runs.native.parts)
        throw new Error('the extension made other bytes than the native way');
      if (runs.extension)
        runs.alone = extensionAlone({ ...duckdb, ...brought, url: server.url, file: join(directory, 'alone.parquet') });
      measured.push({ floor, ...runs });
    }
    await client.end();
    const counted = measured.slice(-rounds);
    const best = (pick) => Math.min(...counted.map(pick));
    const floor = best((round) => round.floor);
    const results = engines.map((engine) =>
      resultOf(
        engine,
        rows,
        floor,
        counted.map((round) => round[engine]),
      ),
    );
    if (engines.includes('extension'))
      results.push({
        ...resultOf(
          'the extension alone',
          rows,
          floor,
          counted.map(({ alone }) => alone),
        ),
        verdict: 'to a file, unchecked',
      });
    const others =
      peers === null
        ? []
        : await runPeers({
            directory,
            url: server.url,
            limitMs: Math.round(Math.max(60_000, floor * 25_000)),
            look: (result) => faultsOf(result, expected),
            ...(peers === true ? {} : { only: peers }),
          });
    tell(rows, floor, [...results, ...others]);
    for (const { name, ratio, aim, peakMegabytes } of results.filter((one) => one.aim !== undefined))
      figure({ name: name.replace(',', ':'), value: ratio, atMost: aim, peakMegabytes });
    return results;
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

function resultOf(engine, rows, floor, runs) {
  const best = (pick) => Math.min(...runs.map(pick));
  const seconds = best((run) => run.seconds);
  const peak = Math.max(...runs.map((run) => run.peakMegabytes));
  return {
    name: `postgres, ${engine}`,
    seconds,
    ratio: seconds / floor,
    aim: aims[engine]?.[rows < manyRows ? 'few' : 'many'],
    cpuSeconds: best((run) => run.cpuSeconds),
    peakMegabytes: peak,
    aimMegabytes,
    verdict: 'exact',
  };
}

/** One line for each tool; every ratio is of the same floor. */
function tell(rows, floor, results) {
  console.log(
    `${rows} rows × 15 → live table, or the tool's own file; COPY binary to /dev/null takes ${floor.toFixed(2)} s`,
  );
  const line = (cells) =>
    console.log(
      `  ${cells.map((cell, at) => String(cell).padEnd([32, 9, 9, 16, 12, 8, 15][at] ?? 0)).join('')}`.trimEnd(),
    );
  line(['', 'seconds', 'k rows/s', 'ratio (aim)', 'processor s', 'MB', 'verdict']);
  for (const { name, seconds, aim, cpuSeconds, peakMegabytes, verdict } of results) {
    if (seconds === undefined) line([name, '-', '-', '-', '-', '-', verdict]);
    else
      line([
        name,
        seconds.toFixed(2),
        Math.round(rows / seconds / 1000),
        `${(seconds / floor).toFixed(2)}${aim === undefined ? '' : ` (≤ ${aim})`}`,
        cpuSeconds === undefined ? '' : cpuSeconds.toFixed(1),
        peakMegabytes.toFixed(0),
        verdict,
      ]);
  }
  console.log(
    `  processor s: of the extraction child, without the server; MB: the largest process; aim for the child < ${aimMegabytes}`,
  );
}

/** psql where there is one, else a bare reader of the socket. */
async function floorSeconds({ url }, client) {
  const sql = 'COPY events TO STDOUT (FORMAT binary)';
  const started = performance.now();
  const psql = spawnSync('psql', ['-q', '-c', sql, url], { stdio: ['ignore', 'ignore', 'ignore'] });
  if (psql.error) await drained(client, sql);
  else if (psql.status !== 0) throw new Error(`psql ended with ${psql.status}`);
  return (performance.now() - started) / 1000;
}

/** The end of a binary COPY travels like a row, so there is always one more than the server says. */
async function drained(client, sql) {
  await copyOut(client, sql, async () => {}).catch((error) => {
    if (error.code !== 'rows_missing') throw error;
  });
}

async function extract(dataDirectory, url, expected, driver, extensionDirectory) {
  const request = {
    runId: randomUUID(),
    dataDirectory,
    source: { name: 'crm', type: 'postgres', settings: { url, driver }, schedule: null },
    tables: [
      {
        id: 'events',
        bucket: null,
        source_table: 'events',
        primary_key: ['id'],
        sync_strategy: 'full_refresh',
        query_mode: 'local',
        description: null,
        options: {},
      },
    ],
    secrets: {},
    duckdb: { ...duckdb, extensionDirectories: extensionDirectory ? [extensionDirectory] : [] },
    limits: { extractMemoryBytes: 1.5e9, extractTimeMs: 1_800_000, graceMs: 0 },
  };
  const { report, ...measured } = await measureExtraction(request);
  if (driver === 'extension' && !report.notes.some((note) => note.startsWith('Engine: the Postgres extension')))
    throw new Error(`the extension did not run: ${report.notes.join(' ')}`);
  const faults = await faultsOf(
    { database: join(dataDirectory, 'extracts/crm/extract.duckdb'), table: 'events' },
    expected,
  );
  if (faults.length > 0) throw new Error(faults.join('; '));
  const parts = readdirSync(join(dataDirectory, 'extracts/crm/data'), { recursive: true })
    .filter((file) => file.endsWith('.parquet'))
    .sort()
    .join();
  rmSync(dataDirectory, { recursive: true, force: true });
  return { parts, ...measured };
}

/** Where a result differs from the source: a run that loses a row, a digit or a type has failed, not won. */
async function faultsOf({ database, table, files }, expected) {
  const instance = await DuckDBInstance.create(database ?? ':memory:', database ? { access_mode: 'READ_ONLY' } : {});
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    const relation = table ?? `read_parquet([${files.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ')}])`;
    const answer = async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
    const types = new Map(
      (await answer(`DESCRIBE SELECT * FROM ${relation}`)).map((row) => [row.column_name, row.column_type]),
    );
    const faults = Object.entries(wantedTypes).flatMap(([name, type]) =>
      type.test(types.get(name) ?? 'missing') ? [] : [`${name} is ${types.get(name) ?? 'missing'}`],
    );
    const [found] = await answer(checkSql(relation)).catch((error) => {
      faults.push(error.message.split('\n')[0]);
      return [{}];
    });
    // The zone is UTC on both sides, and a finer scale adds nothing but zeros.
    const plain = (value) =>
      String(value)
        .replace(/\+00$/, '')
        .replace(/(\.\d*?)0+$/, '$1')
        .replace(/\.$/, '');
    const same = (a, b) => plain(a) === plain(b);
    for (const [name, value] of Object.entries(expected))
      if (name in found && !same(value, found[name])) faults.push(`${name} is ${found[name]}, not ${value}`);
    return faults;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const at = process.argv.indexOf('--rows');
  const peersAt = process.argv.indexOf('--peers');
  const named = process.argv[peersAt + 1];
  await run({
    short: process.argv.includes('--short'),
    ...(at > 0 ? { rows: Number(process.argv[at + 1]) } : {}),
    ...(peersAt > 0 ? { peers: named === undefined || named.startsWith('--') ? true : named.split(',') } : {}),
    ...(process.argv.includes('--no-peers') ? { peers: null } : {}),
  });
}
