/** A Postgres table of 15 columns and about 450 bytes a row → live table, against `COPY … (FORMAT binary)` of the same table to /dev/null. */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import { copyOut } from '../dist/connectors/postgres/copy-out.js';
import { extractSource } from '../dist/extract/extract-source.js';
import { startPostgres } from '../scripts/embedded-postgres.mjs';

const aim = 2.6;

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

const checkSql = (table) => `SELECT count(*)::VARCHAR AS rows, sum(id)::VARCHAR AS ids, sum(amount)::VARCHAR AS amount,
  min(created)::VARCHAR AS first, max(created)::VARCHAR AS last, sum(length(note))::VARCHAR AS notes, count(comment)::VARCHAR AS comments FROM ${table}`;

export default async function run({
  short = false,
  rows = short ? 200_000 : 1_000_000,
  rounds = rows > 2_000_000 ? 1 : 3,
} = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'da-bench-postgres-'));
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
      measured.push({ floor, ...(await extract(join(directory, String(round)), server.url, expected)) });
    }
    await client.end();
    const counted = measured.slice(1);
    const best = (pick) => Math.min(...counted.map(pick));
    const peak = Math.max(...counted.map((round) => round.peakMegabytes));
    const ratio = best((round) => round.seconds) / best((round) => round.floor);
    console.log(
      `postgres: ${rows} rows × 15 → live table ${best((round) => round.seconds).toFixed(2)} s (${Math.round(rows / best((round) => round.seconds) / 1000)} k rows/s); COPY binary to /dev/null ${best((round) => round.floor).toFixed(2)} s; ratio ${ratio.toFixed(2)} (aim ≤ ${aim}); the child used ${best((round) => round.cpuSeconds).toFixed(2)} s of processor and at most ${peak.toFixed(0)} MB`,
    );
    return { name: 'postgres', ratio, aim, peakMegabytes: peak };
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** psql where there is one, else a bare reader of the socket. */
async function floorSeconds({ url }, client) {
  const sql = 'COPY events TO STDOUT (FORMAT binary)';
  const started = performance.now();
  const psql = spawnSync('psql', ['-q', '-c', sql, url], { stdio: ['ignore', 'ignore', 'ignore'] });
  if (psql.error) await copyOut(client, sql, async () => {});
  else if (psql.status !== 0) throw new Error(`psql ended with ${psql.status}`);
  return (performance.now() - started) / 1000;
}

async function extract(dataDirectory, url, expected) {
  const request = {
    runId: randomUUID(),
    dataDirectory,
    source: { name: 'crm', type: 'postgres', settings: { url }, schedule: null },
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
    duckdb: { memoryLimit: '400MB', threads: 2, extensionDirectories: [] },
    limits: { extractMemoryBytes: 1.5e9, extractTimeMs: 1_800_000, graceMs: 0 },
  };
  let usage = { megabytes: 0, cpuSeconds: 0 };
  const watch = setInterval(() => {
    usage = childUsage() ?? usage;
  }, 50);
  const started = performance.now();
  const report = await extractSource(request);
  const seconds = (performance.now() - started) / 1000;
  clearInterval(watch);
  const [result] = report.tables;
  if (result.status !== 'succeeded')
    throw new Error(`the extraction ended as ${result.status}: ${result.error?.message}`);
  await check(join(dataDirectory, 'extracts/crm/extract.duckdb'), expected);
  rmSync(dataDirectory, { recursive: true, force: true });
  return { seconds, peakMegabytes: usage.megabytes, cpuSeconds: usage.cpuSeconds };
}

/** A run that loses a row or a digit has failed, not won. */
async function check(file, expected) {
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  const [found] = (await connection.runAndReadAll(checkSql('events'))).getRowObjectsJson();
  connection.closeSync();
  instance.closeSync();
  const same = (a, b) => String(a).replace(/\+00$/, '') === String(b).replace(/\+00$/, '');
  for (const [name, value] of Object.entries(expected)) {
    if (!same(value, found[name]))
      throw new Error(`${name} is ${found[name]} in the live table and ${value} in Postgres`);
  }
}

/** Highest resident memory and processor time so far of the extraction child. */
function childUsage() {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      if (Number(/PPid:\s+(\d+)/.exec(status)[1]) !== process.pid) continue;
      if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('extract')) continue;
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
      return {
        megabytes: Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024,
        cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
      };
    } catch {
      // It ended in between.
    }
  }
  return null;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const at = process.argv.indexOf('--rows');
  await run({ short: process.argv.includes('--short'), ...(at > 0 ? { rows: Number(process.argv[at + 1]) } : {}) });
}
