// Publishes one generation after the other and rebuilds after each, from the compiled code, until a crash point kills it.
// Arguments: data folder, first generation, number of generations, crash point or empty, pause in ms.
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { extractFolder } from '../../dist/contract/extract-folder.js';
import { takeLock } from '../../dist/files/lock.js';
import { SyncOrchestrator } from '../../dist/orchestrator/orchestrator.js';
import { armCrashPoint } from '../../dist/publish/crash-point.js';
import { publish } from '../../dist/publish/publish.js';
import { createScratch } from '../../dist/publish/scratch.js';
import { sealPart } from '../../dist/publish/seal-part.js';

const [directory, first, count, crash, foreign] = process.argv.slice(2);
const duckdb = { memoryLimit: '200MB', threads: 1 };
if (crash) armCrashPoint(crash);
let now = Number(first) * 1_000_000;
const keeper = new SyncOrchestrator({
  dataDirectory: directory,
  duckdb,
  limits: { extractMemoryBytes: 1e9, extractTimeMs: 60_000, graceMs: Number(process.env.GRACE_MS ?? 0) },
  now: process.env.GRACE_MS ? undefined : () => ++now,
  draftMs: 5_000,
});
for (let generation = Number(first); generation < Number(first) + Number(count); generation += 1) {
  await publishGeneration(generation);
  if (foreign) await writeForeign(generation);
  const report = await keeper.rebuild();
  process.send?.({ generation, stale: report.stale, problems: report.problems });
}
await keeper.close();
process.disconnect?.();

/** Two tables of two parts; every row carries the generation. */
async function publishGeneration(generation) {
  const folder = extractFolder(directory, 'crm');
  const lock = await takeLock(join(folder.work, 'lock'), 'crm');
  const scratch = await createScratch(folder.work);
  const tables = new Map();
  for (const id of ['orders', 'items']) {
    const parts = [];
    for (const half of [0, 1]) {
      const file = join(scratch.directory, `${id}-${half}.parquet`);
      await plain(':memory:', [
        `COPY (SELECT ${generation} AS generation, ${half} * 50 + range AS id FROM range(50)) TO '${file}'`,
      ]);
      parts.push(await sealPart(folder, id, file, 50));
    }
    const meta = {
      table_name: id,
      description: null,
      rows: 100,
      size_bytes: 0,
      extracted_at: null,
      query_mode: 'local',
    };
    const columns = [
      { name: 'generation', type: 'INTEGER' },
      { name: 'id', type: 'BIGINT' },
    ];
    tables.set(id, { meta, parts, record: { columns, state: null, schema_changes: [] } });
  }
  await publish(folder, { tables }, scratch.directory, { ...duckdb, tempDirectory: scratch.directory });
  await scratch.remove();
  await lock.release();
}

/** What a careful program of somebody else does: a new file beside, then a rename. */
async function writeForeign(generation) {
  const folder = join(directory, 'extracts', 'third');
  await mkdir(folder, { recursive: true });
  const draft = join(directory, 'third.duckdb');
  await rm(draft, { force: true });
  await plain(draft, [
    'CREATE TABLE _meta (table_name VARCHAR NOT NULL, description VARCHAR, rows BIGINT, size_bytes BIGINT, extracted_at TIMESTAMP, query_mode VARCHAR)',
    `CREATE TABLE facts AS SELECT ${generation} AS generation FROM range(100)`,
    "INSERT INTO _meta VALUES ('facts', NULL, 100, NULL, NULL, 'local')",
  ]);
  await rename(draft, join(folder, 'extract.duckdb'));
}

async function plain(file, statements) {
  const instance = await DuckDBInstance.create(file, { threads: '1' });
  const db = await instance.connect();
  for (const statement of statements) await db.run(statement);
  db.disconnectSync();
  instance.closeSync();
}
