import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { orchestrator, queryMaster, runPlain, temporaryFolder } from '../helpers/extracts.ts';

const program = fileURLToPath(new URL('../helpers/publish-and-rebuild.mjs', import.meta.url));

/** `name:n` is the n-th passing: parts are sealed four times in a publish. */
const steps = [
  'part.before-sync:1',
  'part.before-rename:2',
  'part.after-rename:1',
  'part.after-rename:4',
  'catalogue.before-write',
  'catalogue.after-write',
  'catalogue.before-rename',
  'catalogue.after-rename',
  'rebuild.before-look',
  'rebuild.after-look',
  'master.after-copy',
  'master.before-commit',
  'master.after-commit',
  'master.before-rename',
  'master.after-rename',
  'saved-catalogue.before-rename',
  'saved-catalogue.after-rename',
  'sweep.before-remove:1',
  'sweep.after-remove:2',
  // Once more, in the second generation of the process.
  'part.before-rename:6',
  'catalogue.before-rename:2',
  'catalogue.after-rename:2',
  'master.before-rename:2',
  'saved-catalogue.before-rename:2',
];

const generationOf = `SELECT (SELECT string_agg(DISTINCT generation::VARCHAR || '/' || n, ',') FROM (SELECT generation, count(*) AS n FROM orders GROUP BY ALL)) AS orders,
  (SELECT string_agg(DISTINCT generation::VARCHAR || '/' || n, ',') FROM (SELECT generation, count(*) AS n FROM items GROUP BY ALL)) AS items`;

it(`survives kill -9 at each of ${new Set(steps.map((step) => step.split(':')[0])).size} steps of publish and rebuild: old or new content, complete, and nothing left behind`, async () => {
  await using data = await temporaryFolder();
  const { directory } = data;
  expect(await run(directory, 1, 2, '')).toBe('ended');
  let generation = 2;
  for (const step of steps) {
    expect(await run(directory, generation + 1, 4, step), step).toBe('SIGKILL');

    // What a reader finds right after the kill, before anything is repaired.
    const [served] = await queryMaster(directory, generationOf);
    expect(served?.orders, step).toBe(served?.items);
    expect(String(served?.orders), step).toMatch(/^\d+\/100$/);
    const [offered] = await runPlain(join(directory, 'extracts/crm/extract.duckdb'), [generationOf], {
      access_mode: 'READ_ONLY',
    });
    expect(offered?.orders, step).toBe(offered?.items);
    const [servedNow, offeredNow] = [served, offered].map((row) => Number(String(row?.orders).split('/')[0]));
    expect(servedNow, step).toBeGreaterThanOrEqual(generation);
    expect(offeredNow, step).toBeGreaterThanOrEqual(servedNow as number);
    expect((offeredNow as number) - (servedNow as number), step).toBeLessThanOrEqual(1);

    // What the next start makes of it.
    let now = Date.now();
    const keeper = orchestrator(directory, { graceMs: 0, now: () => now });
    expect(await keeper.rebuild(), step).toMatchObject({ stale: [], problems: [] });
    now += 1;
    await keeper.rebuild();
    expect(await queryMaster(directory, generationOf), step).toEqual([offered]);
    expect(await leftovers(directory, keeper), step).toEqual([]);
    generation = offeredNow as number;
  }
}, 240_000);

it('keeps the last good content when the child that adopts is killed at any step', async () => {
  await using data = await temporaryFolder();
  const { directory } = data;
  expect(await run(directory, 1, 1, '', 'foreign')).toBe('ended');
  for (const step of ['adopt.before-export', 'adopt.after-export', 'part.before-rename', 'adopt.after-seal']) {
    expect(await run(directory, 2, 1, '', 'foreign', { DA_TEST_CRASH_POINT: step })).toBe('ended');
    expect(await queryMaster(directory, 'SELECT DISTINCT generation FROM facts'), step).toEqual([{ generation: 1 }]);
  }
  let now = Date.now();
  const keeper = orchestrator(directory, { graceMs: 0, now: () => now });
  expect(await keeper.rebuild()).toMatchObject({ stale: [], problems: [] });
  now += 1;
  await keeper.rebuild();
  expect(await queryMaster(directory, 'SELECT DISTINCT generation FROM facts')).toEqual([{ generation: 2 }]);
  expect(await leftovers(directory, keeper)).toEqual([]);
}, 240_000);

/** How the program ended: the signal, or `ended`. */
function run(
  directory: string,
  first: number,
  count: number,
  crash: string,
  foreign = '',
  env: Record<string, string> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = fork(program, [directory, String(first), String(count), crash, foreign], {
      env: { ...process.env, ...env },
    });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? (code === 0 ? 'ended' : `exit ${code}`)));
  });
}

/** Files and folders that no generation names and that no running process needs. */
async function leftovers(directory: string, keeper: ReturnType<typeof orchestrator>): Promise<string[]> {
  const named = new Set([
    'analytics.duckdb',
    'catalogue.json',
    'extracts/crm/extract.duckdb',
    'extracts/third/extract.duckdb',
    'extracts/crm/.da/retired.json',
    '.da/adopted/crm.json',
    '.da/adopted/third.json',
  ]);
  for (const tables of keeper.catalogue().sources.values()) {
    for (const table of tables.values()) {
      for (const part of table.parts) {
        named.add(part.file.slice(directory.length + 1));
        if (!existsSync(part.file)) return [`missing: ${part.file}`];
      }
    }
  }
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() || /^\d+-/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .filter((path) => !named.has(path));
}
