/** The manifest of 1,000 tables: how fast it is answered, what a start costs, what an idle server holds. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { token } from './server/config.mjs';
import { makeExtract, registerTables } from './server/make-extract.mjs';
import { startProcess } from './server/start-process.mjs';
import { figure } from './summary/figure.mjs';

const serve = new URL('./server/serve.mjs', import.meta.url).pathname;
const columns = Array.from({ length: 15 }, (_, index) => `i * ${index + 1} AS column_${index}`).join(', ');

export default async function run({ short = false } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'da-bench-manifest-'));
  try {
    for (let source = 0; source < 10; source += 1) {
      const tables = Array.from({ length: 100 }, (_, index) => `table_${source}_${index}`);
      await makeExtract(directory, `source_${source}`, tables, `SELECT i AS id, ${columns} FROM range(100) r(i)`);
      await registerTables(directory, `source_${source}`, tables);
    }
    // The first start builds the master; what is measured are the starts after it.
    const first = await startProcess(serve, directory);
    while (Object.keys((await ask(first.url, '/api/sync/manifest')).json().tables).length < 1_000) await pause(100);
    await first.stop();

    const starts = [];
    for (let round = 0; round < (short ? 3 : 7); round += 1) {
      const server = await startProcess(serve, directory);
      const { status } = await ask(server.url, '/api/health');
      if (status !== 200) throw new Error(`health answered ${status}`);
      starts.push(performance.now() - server.startedAt);
      await server.stop();
    }
    const bare = Array.from({ length: 7 }, () => timed(() => execFileSync(process.execPath, ['-e', '0'])));

    const server = await startProcess(serve, directory);
    await pause(short ? 2_000 : 10_000);
    const idle = server.residentMegabytes();
    const whole = await ask(server.url, '/api/sync/manifest');
    const { etag } = whole.headers;
    const tables = Object.keys(whole.json().tables).length;
    if (tables !== 1_000) throw new Error(`the manifest has ${tables} tables`);
    const rounds = short ? 100 : 500;
    const full = await latencies(server.url, rounds, {}, 200);
    const unchanged = await latencies(server.url, rounds, { 'if-none-match': etag }, 304);
    const used = server.residentMegabytes();
    await server.stop();
    figure({
      name: 'manifest: p50 with 1,000 tables',
      value: percentile(full, 50),
      unit: 'ms',
      atMost: 10,
      peakMegabytes: used,
    });
    figure({ name: 'manifest: start to healthy', value: percentile(starts, 50), unit: 'ms', atMost: 1_500 });
    figure({ name: 'manifest: idle memory', value: idle, unit: 'MB', atMost: 150 });
    return {
      name: 'manifest of 1,000 tables',
      bytes: whole.body.length,
      p50_ms: round(percentile(full, 50)),
      p99_ms: round(percentile(full, 99)),
      unchanged_p50_ms: round(percentile(unchanged, 50)),
      aim: 'p50 ≤ 10 ms',
      start_to_healthy_ms: Math.round(percentile(starts, 50)),
      bare_node_ms: Math.round(percentile(bare, 50)),
      start_aim: '≤ 1,500 ms',
      idle_mb: idle,
      after_requests_mb: used,
      idle_aim: '≤ 150 MB',
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const agent = new Agent({ keepAlive: true });

function ask(url, path, headers = {}) {
  return new Promise((resolve, reject) => {
    const call = request(url + path, { agent, headers: { authorization: `Bearer ${token}`, ...headers } }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => {
        const body = Buffer.concat(chunks);
        resolve({ status: answer.statusCode, headers: answer.headers, body, json: () => JSON.parse(body) });
      });
      answer.on('error', reject);
    });
    call.on('error', reject);
    call.end();
  });
}

async function latencies(url, rounds, headers, expected) {
  const found = [];
  for (let index = 0; index < rounds; index += 1) {
    const before = performance.now();
    const { status } = await ask(url, '/api/sync/manifest', headers);
    found.push(performance.now() - before);
    if (status !== expected) throw new Error(`expected ${expected}, got ${status}`);
  }
  return found;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const round = (ms) => Math.round(ms * 100) / 100;

function timed(work) {
  const before = performance.now();
  work();
  return performance.now() - before;
}

function percentile(values, percent) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))];
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(JSON.stringify(await run({ short: process.argv.includes('--short') }), null, 2));
}
