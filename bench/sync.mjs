/** The first `da sync` of 50 tables of 10 MB, against curl of the same bytes and sha256sum; then a sync with nothing new, against the start of Node. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { writeExtractDatabase } from '../dist/contract/write.js';
import { figure } from './summary/figure.mjs';

const aim = 1.5;
const unchangedAimSeconds = 0.5;
const da = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const token = 'da_bench_token_of_the_sync_bench';

export default async function run({ short = false } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'da-bench-sync-'));
  let server;
  try {
    const data = join(directory, 'data');
    const parts = await writeExtract(join(data, 'extracts', 'bench'), short ? 10 : 50);
    server = await serve(data);
    await waitForTables(server.url, parts.length);
    const megabytes = parts.reduce((sum, part) => sum + part.size_bytes, 0) / 1e6;
    const rounds = [1, 2, 3].map((round) => ({
      reference: reference(server.url, parts, join(directory, `reference${round}`)),
      ...firstSync(server.url, parts, join(directory, `workspace${round}`)),
    }));
    const best = (pick) => Math.min(...rounds.map(pick));
    const ratio = best((round) => round.seconds) / best((round) => round.reference);
    const peak = Math.max(...rounds.map((round) => round.peakMegabytes));
    const unchanged = unchangedSync(server.url, join(directory, 'workspace1'));
    console.log(
      `sync: ${parts.length} tables, ${megabytes.toFixed(0)} MB in ${best((round) => round.seconds).toFixed(2)} s; curl + sha256sum ${best((round) => round.reference).toFixed(2)} s; ratio ${ratio.toFixed(2)} (aim ≤ ${aim}); peak ${peak.toFixed(0)} MB`,
    );
    console.log(
      `sync, nothing new: ${unchanged.seconds.toFixed(2)} s, Node alone ${unchanged.node.toFixed(2)} s, beyond it ${(unchanged.seconds - unchanged.node).toFixed(2)} s (aim ≤ ${unchangedAimSeconds}); bytes moved ${unchanged.bytes}`,
    );
    figure({ name: 'sync: the first', value: ratio, atMost: aim, peakMegabytes: peak });
    figure({
      name: 'sync: nothing new, beyond Node',
      value: unchanged.seconds - unchanged.node,
      unit: 's',
      atMost: unchangedAimSeconds,
    });
    return { name: 'sync', ratio, aim, peakMegabytes: peak };
  } finally {
    server?.child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
}

/** An extract with one part of about 10 MB for each table; random numbers, because they do not compress. */
async function writeExtract(directory, count) {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const tables = new Map();
  for (let index = 0; index < count; index += 1) {
    const id = `t${index}`;
    const rows = 1_250_000;
    const draft = join(directory, 'data', id, 'draft');
    mkdirSync(join(directory, 'data', id), { recursive: true });
    await connection.run(
      `COPY (SELECT random() AS r FROM range(${rows})) TO '${draft}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)`,
    );
    const sha256 = createHash('sha256').update(readFileSync(draft)).digest('hex');
    const path = `data/${id}/${sha256}.parquet`;
    renameSync(draft, join(directory, path));
    const size_bytes = statSync(join(directory, path)).size;
    const meta = {
      table_name: id,
      description: null,
      rows,
      size_bytes,
      extracted_at: new Date().toISOString(),
      query_mode: 'local',
    };
    tables.set(id, { meta, parts: [{ path, rows, size_bytes, sha256 }], record: null });
  }
  connection.closeSync();
  instance.closeSync();
  const limits = { memoryLimit: '400MB', threads: 1, tempDirectory: directory };
  const catalogue = { generation: 1, tables, remoteAttach: [] };
  await writeExtractDatabase(join(directory, 'extract.duckdb'), directory, catalogue, limits);
  return [...tables].map(([table, { parts }]) => ({ table, ...parts[0] }));
}

async function serve(data) {
  const child = spawn(process.execPath, [da, 'serve', '--data-dir', data, '--port', '0'], {
    cwd: data,
    env: { PATH: process.env.PATH, HOME: data, DA_ADMIN_TOKEN: token },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const line = await new Promise((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(String(text)));
    child.once('exit', (code) => reject(new Error(`da serve ended with ${code}`)));
  });
  return { child, url: /listening on (\S+)/.exec(line)[1] };
}

async function waitForTables(url, count) {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const response = await fetch(`${url}/api/sync/manifest`, { headers: { authorization: `Bearer ${token}` } });
    if (Object.keys((await response.json()).tables).length === count) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the server does not serve the tables');
}

/** One curl for all files over one connection, then one sha256sum. */
function reference(url, parts, directory) {
  mkdirSync(directory);
  const fetches = parts.flatMap(({ table, sha256 }) => [
    '-o',
    join(directory, sha256),
    `${url}/api/data/${table}/parts/${sha256}`,
  ]);
  const started = performance.now();
  execFileSync('curl', ['-sf', '-H', `Authorization: Bearer ${token}`, ...fetches]);
  const sums = execFileSync(
    'sha256sum',
    parts.map(({ sha256 }) => join(directory, sha256)),
  ).toString();
  const seconds = (performance.now() - started) / 1000;
  if (!parts.every(({ sha256 }) => sums.includes(`${sha256}  ${join(directory, sha256)}`)))
    throw new Error('the reference is wrong');
  rmSync(directory, { recursive: true });
  return seconds;
}

function sync(url, workspace) {
  const started = performance.now();
  const watcher = `const { spawn } = require('node:child_process'); const fs = require('node:fs'); let peak = 0;
    const child = spawn(process.execPath, process.argv.slice(1), { stdio: ['ignore', 'inherit', 'ignore'] });
    const look = () => { try { peak = Math.max(peak, Number(/VmHWM:\\s+(\\d+)/.exec(fs.readFileSync('/proc/' + child.pid + '/status', 'utf8'))?.[1] ?? 0)); } catch {} };
    const timer = setInterval(look, 20);
    child.on('close', (code) => { clearInterval(timer); console.error(peak); process.exit(code); });`;
  const child = spawnSync(
    process.execPath,
    ['-e', watcher, da, 'sync', '--workspace', workspace, '--json', '--quiet'],
    {
      env: { PATH: process.env.PATH, HOME: workspace, DA_SERVER: url, DA_TOKEN: token },
      encoding: 'utf8',
    },
  );
  const seconds = (performance.now() - started) / 1000;
  if (child.status !== 0) throw new Error(`da sync ended with ${child.status}: ${child.stdout}`);
  return { seconds, report: JSON.parse(child.stdout), peakMegabytes: Number(child.stderr.trim()) / 1024 };
}

function firstSync(url, parts, workspace) {
  const { seconds, report, peakMegabytes } = sync(url, workspace);
  if (report.downloaded.length !== parts.length || report.failed.length > 0) throw new Error('not every table came');
  return { seconds, peakMegabytes };
}

/** Medians of five, without the watcher. */
function unchangedSync(url, workspace) {
  const env = { PATH: process.env.PATH, HOME: workspace, DA_SERVER: url, DA_TOKEN: token };
  const timed = (args) => {
    const times = [1, 2, 3, 4, 5].map(() => {
      const started = performance.now();
      const output = execFileSync(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'ignore'] }).toString();
      return { seconds: (performance.now() - started) / 1000, output };
    });
    return times.sort((a, b) => a.seconds - b.seconds)[2];
  };
  const { seconds, output } = timed([da, 'sync', '--workspace', workspace, '--json', '--quiet']);
  return { seconds, bytes: JSON.parse(output).bytes, node: timed(['-e', '0']).seconds };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run({ short: process.argv.includes('--short') });
