/** 1 % of a Postgres table changed → merged into the live table, against a full refresh of the same table in the same run: once in recent rows, once spread over all. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import { startPostgres } from '../scripts/embedded-postgres.mjs';
import { measureExtraction } from './extraction/measure-extraction.mjs';
import { figure } from './summary/figure.mjs';

const aims = { recent: { time: 0.05, bytes: 0.03 }, spread: { time: 0.4 } };

const loadSql = (rows) => `
  CREATE TABLE events AS SELECT i::bigint AS id, (i % 1000)::int AS tenant, (i % 7)::smallint AS kind, md5(i::text)::uuid AS token,
    (ARRAY['new', 'open', 'paid', 'shipped', 'closed'])[1 + i % 5] AS status, 'user' || (i % 50000) || '@example.com' AS email,
    (((i::bigint * 7919) % 10000000)::numeric / 100)::numeric(14,2) AS amount, (i * 0.37)::float8 AS ratio, i % 3 = 0 AS active,
    DATE '2020-01-01' + i % 1800 AS day, TIMESTAMPTZ '2020-01-01 00:00:00.123456+00' + i * INTERVAL '1 second' AS created,
    TIMESTAMPTZ '2020-01-01 00:00:00.654321+00' + i * INTERVAL '1 second' AS updated, repeat(md5((i::bigint * 3)::text) || ' ', 4) AS note,
    jsonb_build_object('a', i, 'b', md5(i::text), 'tags', jsonb_build_array('x', 'y', i % 10), 'n', i * 1.5) AS payload,
    CASE WHEN i % 10 = 0 THEN NULL ELSE 'comment, with "quotes" ' || i END AS comment FROM generate_series(1, ${rows}) i;
  ALTER TABLE events ALTER updated SET NOT NULL;
  ALTER TABLE events ADD PRIMARY KEY (id);
  CREATE INDEX ON events (updated);
  VACUUM (ANALYZE, FREEZE) events;
  CHECKPOINT`;

export default async function run({ short = false, rows = short ? 200_000 : 10_000_000 } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'da-bench-incremental-'));
  const server = await startPostgres({ settings: { shared_buffers: '1GB', max_wal_size: '16GB', autovacuum: 'off' } });
  const client = new pg.Client({ connectionString: server.url });
  try {
    await client.connect();
    for (const statement of loadSql(rows).split(';')) await client.query(statement);
    const sync = (facts = {}) => extract(directory, server.url, facts);
    const full = await sync();
    console.log(
      `incremental: ${rows} rows × 15; first full read ${full.seconds.toFixed(2)} s, ${megabytes(full.size)} MB in ${full.parts.size} parts, peak ${full.peakMegabytes.toFixed(0)} MB`,
    );
    const share = Math.floor(rows / 100);
    await client.query(`UPDATE events SET status = 'recent', updated = now() WHERE id > ${rows - share}`);
    await client.query('VACUUM events');
    const recent = await measure('recent rows', sync, full, aims.recent);
    await client.query(`UPDATE events SET status = 'spread', updated = now() + interval '1 second' WHERE id % 100 = 7`);
    await client.query('VACUUM events');
    const spread = await measure('spread over all', sync, { ...full, parts: recent.parts }, aims.spread);
    await check(directory, client);
    return {
      name: 'incremental',
      recent: recent.ratio,
      spread: spread.ratio,
      peakMegabytes: Math.max(full.peakMegabytes, recent.peakMegabytes, spread.peakMegabytes),
    };
  } finally {
    await client.end().catch(() => {});
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measure(name, sync, full, aim) {
  const run = await sync();
  const ratio = run.seconds / full.seconds;
  const written = [...run.parts].filter(([sha]) => !full.parts.has(sha)).reduce((sum, [, size]) => sum + size, 0);
  console.log(
    `incremental: 1 % changed, ${name}: ${run.seconds.toFixed(2)} s, ${(ratio * 100).toFixed(1)} % of the full read (aim ≤ ${aim.time * 100} %); ${megabytes(written)} MB written, ${((written / full.size) * 100).toFixed(1)} % of the bytes${aim.bytes ? ` (aim ≤ ${aim.bytes * 100} %)` : ''}; peak ${run.peakMegabytes.toFixed(0)} MB; ${run.notes.join('; ') || 'no full read'}`,
  );
  figure({
    name: `incremental: 1 % changed, ${name}`,
    value: ratio,
    atMost: aim.time,
    peakMegabytes: run.peakMegabytes,
  });
  return { ...run, ratio };
}

async function extract(dataDirectory, url, facts) {
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
        sync_strategy: 'incremental',
        query_mode: 'local',
        description: null,
        options: { cursor: 'updated' },
      },
    ],
    secrets: {},
    duckdb: { memoryLimit: '450MB', threads: 2, extensionDirectories: [] },
    limits: { extractMemoryBytes: 4e9, extractTimeMs: 3_600_000, graceMs: 0 },
    ...facts,
  };
  const { seconds, peakMegabytes, report } = await measureExtraction(request);
  const parts = await publishedParts(dataDirectory);
  return {
    seconds,
    peakMegabytes,
    parts,
    size: [...parts.values()].reduce((sum, size) => sum + size, 0),
    notes: report.notes,
  };
}

async function withExtract(dataDirectory, work) {
  const instance = await DuckDBInstance.create(join(dataDirectory, 'extracts/crm/extract.duckdb'), {
    access_mode: 'READ_ONLY',
  });
  const connection = await instance.connect();
  try {
    return await work(async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson());
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function publishedParts(dataDirectory) {
  return withExtract(dataDirectory, async (query) => {
    const rows = await query('SELECT sha256, path FROM _parts');
    return new Map(rows.map((row) => [row.sha256, statSync(join(dataDirectory, 'extracts/crm', row.path)).size]));
  });
}

/** A run that loses a row or a digit has failed, not won. */
async function check(dataDirectory, client) {
  const sql = `SELECT count(*)::VARCHAR AS rows, sum(id)::VARCHAR AS ids, sum(amount)::VARCHAR AS amount, sum(length(note))::VARCHAR AS notes,
    count(comment)::VARCHAR AS comments, sum(CASE WHEN status = 'spread' THEN 1 ELSE 0 END)::VARCHAR AS spread, sum(CASE WHEN status = 'recent' THEN 1 ELSE 0 END)::VARCHAR AS recent FROM events`;
  const [expected] = (await client.query(sql)).rows;
  const [found] = await withExtract(dataDirectory, (query) => query(sql));
  for (const [name, value] of Object.entries(expected)) {
    if (String(found[name]) !== String(value))
      throw new Error(`${name} is ${found[name]} in the live table and ${value} in Postgres`);
  }
}

const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const at = process.argv.indexOf('--rows');
  await run({ short: process.argv.includes('--short'), ...(at > 0 ? { rows: Number(process.argv[at + 1]) } : {}) });
}
