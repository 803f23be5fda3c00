/** Rejected rows of a run, kept as NDJSON beside the extract for people to look at. */
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Reject } from '../connectors/read-way.ts';
import type { ExtractFolder } from '../contract/extract-folder.ts';
import type { Run } from './run.ts';

const keptRuns = 50;

function rejectsPath(folder: ExtractFolder, runId: string, table: string): string {
  return join(folder.work, 'rejects', runId, `${table}.ndjson`);
}

async function writeRejects(
  folder: ExtractFolder,
  runId: string,
  table: string,
  rejects: readonly Reject[],
): Promise<void> {
  const path = rejectsPath(folder, runId, table);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, rejects.map((reject) => `${JSON.stringify(reject)}\n`).join(''), { flag: 'a' });
}

/** A run that finds a table unchanged shows the rejects of the run that loaded it. */
export async function carryRejects(folder: ExtractFolder, from: string, to: string, table: string): Promise<void> {
  if (from === to) return;
  const path = rejectsPath(folder, to, table);
  await mkdir(join(path, '..'), { recursive: true });
  await copyFile(rejectsPath(folder, from, table), path).catch(() => {});
}

/** Writes the fresh rejects of a run's table and carries over those of the pieces in `kept`, where a piece is a file. */
export async function keepRejects(
  run: Run,
  table: string,
  fresh: readonly Reject[],
  total: number,
  runBefore: string | null,
  kept: ReadonlySet<string> = new Set(),
): Promise<void> {
  if (total > fresh.length && runBefore !== null && runBefore !== run.request.runId) {
    const before = await readRejects(run.folder, runBefore, table, Number.POSITIVE_INFINITY);
    const carried = before.filter((reject) => reject.file === null || kept.has(reject.file));
    await writeRejects(run.folder, run.request.runId, table, carried);
  }
  if (fresh.length > 0) await writeRejects(run.folder, run.request.runId, table, fresh);
}

/** The first `limit` rejected rows of a table in a run; none when there were none. */
export async function readRejects(
  folder: ExtractFolder,
  runId: string,
  table: string,
  limit: number,
): Promise<Reject[]> {
  const rejects: Reject[] = [];
  const path = rejectsPath(folder, runId, table);
  if (!(await stat(path).catch(() => null))) return rejects;
  const lines = createInterface({ input: createReadStream(path) });
  for await (const line of lines) {
    if (rejects.length >= limit) break;
    if (line !== '') rejects.push(JSON.parse(line) as Reject);
  }
  lines.close();
  return rejects;
}

/** Keeps the rejects of the latest runs. */
export async function dropOldRejects(folder: ExtractFolder): Promise<void> {
  const parent = join(folder.work, 'rejects');
  const runs = await readdir(parent).catch(() => [] as string[]);
  if (runs.length <= keptRuns) return;
  const aged = await Promise.all(runs.map(async (name) => ({ name, at: (await stat(join(parent, name))).mtimeMs })));
  aged.sort((a, b) => b.at - a.at);
  for (const { name } of aged.slice(keptRuns)) await rm(join(parent, name), { recursive: true, force: true });
}
