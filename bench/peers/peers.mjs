/**
 * Other tools on the same table, each in a Python environment of its own: brought with pip, run within a time limit, and its result checked like ours.
 *
 * What cannot be brought or fails is named with the reason; nothing here decides whether our own benchmark passes.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = fileURLToPath(new URL('.', import.meta.url));
const run = promisify(execFile);
const bringWithinMs = 240_000;

const peers = [
  { name: 'connectorx', packages: ['connectorx', 'pyarrow'] },
  { name: 'adbc', shown: 'adbc-driver-postgresql', packages: ['adbc-driver-postgresql', 'pyarrow'] },
  { name: 'dlt', packages: ['dlt[filesystem,parquet]', 'sqlalchemy', 'connectorx', 'psycopg[binary]'] },
  { name: 'sling', packages: ['sling'] },
  { name: 'ingestr', packages: ['ingestr'] },
];

/** What each tool took, or why it was not measured. `look(relation)` answers what is wrong with a result, or nothing; `limitMs` bounds one run. */
export async function runPeers({ directory, url, limitMs, look, only }) {
  const results = [];
  for (const peer of peers.filter(({ name }) => only === undefined || only.includes(name))) {
    const home = join(directory, `peer-${peer.name}`);
    let name = peer.name;
    try {
      const python = await bring(home, peer);
      name = `${peer.name} ${await versionOf(python, peer.shown ?? peer.name)}`;
      const out = join(home, 'events.parquet');
      const { seconds, megabytes } = await measured(python, peer, url, out, limitMs);
      const faults = await look(relationOf(home, out));
      const verdict = faults.length === 0 ? 'exact' : `NOT the same: ${faults.join('; ')}`;
      results.push({ name, seconds, peakMegabytes: megabytes, verdict });
    } catch (error) {
      results.push({ name, verdict: `not measured: ${reasonOf(error, limitMs)}` });
    } finally {
      rmSync(home, { recursive: true, force: true, maxRetries: 3 });
    }
  }
  return results;
}

async function bring(home, { packages }) {
  await run('python3', ['-m', 'venv', home], { timeout: bringWithinMs });
  const python = join(home, 'bin/python');
  const options = [
    '--quiet',
    '--only-binary=:all:',
    '--retries',
    '1',
    '--timeout',
    '15',
    '--disable-pip-version-check',
  ];
  await run(python, ['-m', 'pip', 'install', ...options, ...packages], { timeout: bringWithinMs });
  return python;
}

async function versionOf(python, name) {
  const { stdout } = await run(python, [
    '-c',
    `import importlib.metadata as m; print(m.version(${JSON.stringify(name)}))`,
  ]);
  return stdout.trim();
}

async function measured(python, { name }, url, out, limitMs) {
  const { stdout } = await run(python, [join(here, 'measure.py'), join(here, `with_${name}.py`), url, out], {
    timeout: limitMs,
    killSignal: 'SIGKILL',
    maxBuffer: 64 << 20,
  });
  return JSON.parse(stdout);
}

/** Where the tool has put the rows. */
function relationOf(home, out) {
  if (existsSync(`${out}.duckdb`)) return { database: `${out}.duckdb`, table: 'main.events' };
  if (existsSync(out)) return { files: [out] };
  // dlt keeps its own copies beside what it has loaded.
  const folder = existsSync(`${out}.d/data`) ? `${out}.d/data` : home;
  const files = readdirSync(folder, { recursive: true })
    .filter((file) => file.includes('events') && file.endsWith('.parquet') && !file.includes('site-packages'))
    .map((file) => join(folder, file));
  if (files.length === 0) throw new Error('it ended well and left no file');
  return { files };
}

function reasonOf(error, limitMs) {
  if (error.killed) return `it took longer than ${Math.round(limitMs / 1000)} s`;
  const said = String(error.stderr || error.message)
    .trim()
    .split('\n');
  return said.findLast((line) => line.trim() !== '')?.slice(0, 300);
}
