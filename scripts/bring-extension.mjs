/**
 * Brings the Postgres extension of the pinned DuckDB from PyPI for tests and benchmarks, once; it is kept under node_modules/.cache.
 *
 * Only `pip` is asked, so whatever index and proxy it is configured with holds. Where it cannot be had, the reason is the answer and nothing fails.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const withinMs = 90_000;

/** `{directory, wheel}`: a folder for `duckdb.extension_directories`, and the wheel it came from; or `{reason}`. */
export async function bringPostgresExtension() {
  const pinned = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies['@duckdb/node-api'];
  const version = pinned.replace(/-.*$/, '');
  const home = join(root, 'node_modules/.cache/data-attache', `postgres_scanner-${version}`);
  try {
    if (!existsSync(home)) await bring(version, home);
    return { directory: join(home, 'extensions'), wheel: join(home, wheelIn(home)) };
  } catch (error) {
    const said = String(error.stderr || error.message)
      .trim()
      .split('\n');
    return {
      reason: `the Postgres extension could not be brought from PyPI: ${said.findLast((line) => line.trim() !== '')}`,
    };
  }
}

/** Everything is made under another name first: tests run side by side, and one that is stopped leaves nothing half done. */
async function bring(version, home) {
  const parent = join(home, '..');
  await mkdir(parent, { recursive: true });
  const draft = await mkdtemp(join(parent, 'bringing-'));
  try {
    const wanted = `duckdb-extension-postgres-scanner==${version}`;
    const options = ['--no-deps', '--only-binary=:all:', '--retries', '1', '--timeout', '15', '--quiet'];
    await run('python3', ['-m', 'pip', 'download', ...options, '--dest', draft, wanted], { timeout: withinMs });
    const unpacked = join(draft, 'unpacked');
    await run('python3', ['-m', 'zipfile', '-e', join(draft, wheelIn(draft)), unpacked]);
    const file = 'postgres_scanner.duckdb_extension';
    const inside = join(unpacked, 'duckdb_extension_postgres_scanner/extensions', `v${version}`, file);
    const folder = join(draft, 'extensions', `v${version}`, await platform());
    await mkdir(folder, { recursive: true });
    await rename(inside, join(folder, file));
    await rm(unpacked, { recursive: true });
    // Whoever was quicker has brought the same.
    await rename(draft, home).catch((error) => {
      if (!existsSync(home)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

function wheelIn(folder) {
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip brought no wheel');
  return wheel;
}

async function platform() {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const [[name]] = (await connection.runAndReadAll('PRAGMA platform')).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return name;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const brought = await bringPostgresExtension();
  console.log(brought.reason ?? brought.directory);
  process.exit(brought.reason === undefined ? 0 : 1);
}
