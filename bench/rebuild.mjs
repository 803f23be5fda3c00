/** Rebuild of 100 sources with 10 tables each, full and with one source changed, against plain DuckDB creating the same views in one new file. */
import { fork } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { figure } from './summary/figure.mjs';

const duckdb = { memoryLimit: '400MB', threads: 2 };
const self = fileURLToPath(import.meta.url);

/** @returns {Promise<{name: string, ratio: number, aim: number, detail: string}[]>} */
export default async function run({ short = false } = {}) {
  const sources = short ? 20 : 100;
  const directory = await mkdtemp(join(tmpdir(), 'da-bench-rebuild-'));
  try {
    await publishAll(directory, sources);
    const rounds = short ? 3 : 5;
    const reference = await measure('reference', directory, sources, rounds);
    const full = await measure('full', directory, sources, rounds);
    const changed = await measure('changed', directory, sources, rounds);
    const again = await measure('again', directory, sources, rounds);
    const unchanged = await measure('unchanged', directory, sources, rounds);
    const results = [
      {
        name: 'rebuild, full',
        ratio: full.ms / reference.ms,
        aim: 1.5,
        of: 'plain DuckDB creating the views',
        took: full,
      },
      { name: 'rebuild, 1 source changed', ratio: changed.ms / full.ms, aim: 0.1, of: 'a full rebuild', took: changed },
      {
        name: 'rebuild, 1 source changed again',
        ratio: again.ms / full.ms,
        aim: 0.1,
        of: 'a full rebuild',
        took: again,
      },
      {
        name: 'rebuild, nothing changed',
        ratio: unchanged.ms / full.ms,
        aim: 0.1,
        of: 'a full rebuild',
        took: unchanged,
      },
    ].map(({ name, ratio, aim, of, took }) => ({
      name,
      ratio,
      aim,
      peakMegabytes: took.mb,
      detail: `${took.ms.toFixed(0)} ms, ${took.cpu} ms CPU a round with preparation, peak ${took.mb} MB; ${sources} sources × 10 tables; ratio to ${of} (reference ${reference.ms.toFixed(0)} ms, ${reference.cpu} ms CPU, peak ${reference.mb} MB)`,
    }));
    for (const { name, ratio, aim, peakMegabytes, detail } of results) {
      figure({ name, value: ratio, atMost: aim, peakMegabytes });
      console.log(`${name}: ${ratio.toFixed(3)} (aim ≤ ${aim}); ${detail}`);
    }
    return results;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Each measurement runs in a process of its own, so that its peak memory is its own. */
function measure(kind, directory, sources, rounds) {
  return new Promise((resolve, reject) => {
    const child = fork(self, ['--measure', kind, directory, String(sources), String(rounds)]);
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code) => code !== 0 && reject(new Error(`${kind} ended with ${code}`)));
  });
}

const kinds = {
  async reference(directory, sources, round) {
    const file = join(directory, `reference-${round}.duckdb`);
    const parts = await partsOf(directory, sources);
    return timed(async () => {
      const instance = await DuckDBInstance.create(file, { threads: String(duckdb.threads) });
      const db = await instance.connect();
      await db.run('BEGIN');
      for (const [source, tables] of parts) {
        await db.run(`CREATE SCHEMA ${source}`);
        for (const [table, part] of tables) {
          await db.run(`CREATE VIEW ${source}.${table} AS SELECT * FROM read_parquet(['${part}'])`);
          await db.run(`CREATE VIEW ${table} AS SELECT * FROM read_parquet(['${part}'])`);
        }
      }
      await db.run('COMMIT');
      await db.run('CHECKPOINT');
      db.disconnectSync();
      instance.closeSync();
    });
  },
  async full(directory) {
    const keeper = await orchestrator(directory);
    return timed(() => keeper.rebuild({ full: true }));
  },
  async changed(directory, _sources, round) {
    const keeper = await orchestrator(directory);
    await keeper.rebuild();
    await publishOne(directory, 'source_7', 7, round + 1);
    const ms = await timed(() => keeper.rebuild());
    await keeper.close();
    return ms;
  },
  /** A second change soon after another, as a pushed source makes them. */
  async again(directory, _sources, round) {
    const keeper = await orchestrator(directory);
    await publishOne(directory, 'source_8', 8, 2 * round + 1);
    await keeper.rebuild();
    await publishOne(directory, 'source_8', 8, 2 * round + 2);
    const ms = await timed(() => keeper.rebuild());
    await keeper.close();
    return ms;
  },
  async unchanged(directory) {
    const keeper = await orchestrator(directory);
    await keeper.rebuild();
    return timed(() => keeper.rebuild());
  },
};

async function timed(work) {
  const start = performance.now();
  const report = await work();
  const ms = performance.now() - start;
  if (report && (report.problems.length > 0 || report.stale.length > 0))
    throw new Error(JSON.stringify(report.problems));
  return ms;
}

async function orchestrator(directory) {
  const { SyncOrchestrator } = await import('../dist/orchestrator/orchestrator.js');
  const limits = { extractMemoryBytes: 1e9, extractTimeMs: 60_000, graceMs: 3_600_000 };
  return new SyncOrchestrator({ dataDirectory: directory, duckdb, limits, draftMs: 5_000 });
}

async function publishAll(directory, sources) {
  for (let source = 0; source < sources; source += 1) await publishOne(directory, `source_${source}`, source, 0);
}

/** Ten tables of 1,000 rows and 10 columns, their content set by `salt`. */
async function publishOne(directory, source, number, salt) {
  const { extractFolder } = await import('../dist/contract/extract-folder.js');
  const { publish } = await import('../dist/publish/publish.js');
  const { sealPart } = await import('../dist/publish/seal-part.js');
  const folder = extractFolder(directory, source);
  const scratch = join(folder.work, 'bench');
  await mkdir(scratch, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:');
  const db = await instance.connect();
  const tables = new Map();
  for (let index = 0; index < 10; index += 1) {
    const id = `table_${number}_${index}`;
    const file = join(scratch, `${id}.parquet`);
    const columns = [
      'BIGINT',
      'VARCHAR',
      'DOUBLE',
      'DATE',
      'BOOLEAN',
      'INTEGER',
      'VARCHAR',
      'BIGINT',
      'DOUBLE',
      'VARCHAR',
    ];
    await db.run(
      `COPY (SELECT ${columns.map((type, at) => `CAST(${expressionOf(type)} AS ${type}) AS c${at}`).join(', ')}
        FROM range(1000) t(i), (SELECT ${salt + number} AS salt)) TO '${file}' (FORMAT parquet, COMPRESSION zstd)`,
    );
    const part = await sealPart(folder, id, file, 1000);
    const meta = {
      table_name: id,
      description: null,
      rows: 1000,
      size_bytes: part.size_bytes,
      extracted_at: null,
      query_mode: 'local',
    };
    const named = columns.map((type, at) => ({ name: `c${at}`, type }));
    tables.set(id, { meta, parts: [part], record: { columns: named, state: null, schema_changes: [] } });
  }
  db.disconnectSync();
  instance.closeSync();
  await publish(folder, { tables }, scratch, { ...duckdb, tempDirectory: scratch });
  await rm(scratch, { recursive: true });
}

function expressionOf(type) {
  if (type === 'DATE') return "DATE '2024-01-01' + CAST(i % 365 AS INTEGER)";
  if (type === 'BOOLEAN') return 'i % 2 = 0';
  return 'i * 7 + salt';
}

async function partsOf(directory, sources) {
  const { readdir } = await import('node:fs/promises');
  const found = new Map();
  for (let source = 0; source < sources; source += 1) {
    const data = join(directory, 'extracts', `source_${source}`, 'data');
    const tables = new Map();
    for (const table of await readdir(data)) {
      const [file] = await readdir(join(data, table));
      tables.set(table, join(data, table, file));
    }
    found.set(`source_${source}`, tables);
  }
  return found;
}

async function answer([kind, directory, sources, rounds]) {
  const times = [];
  for (let round = 0; round < Number(rounds); round += 1)
    times.push(await kinds[kind](directory, Number(sources), round));
  times.sort((a, b) => a - b);
  const mb = Math.round(process.resourceUsage().maxRSS / 1024);
  const { user, system } = process.cpuUsage();
  const cpu = Math.round((user + system) / 1000 / Number(rounds));
  process.send({ ms: times[Math.floor(times.length / 2)], mb, cpu });
  process.disconnect();
}

if (process.argv[2] === '--measure') await answer(process.argv.slice(3));
else if (process.argv[1] === self) await run({ short: process.argv.includes('--short') });
