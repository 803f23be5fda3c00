/** One Parquet file for a table of several parts: merged once in a child process, kept under the table's hash. */
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstanceConfig } from '../../config/shapes.ts';
import { syncFile } from '../../files/durable.ts';
import type { CataloguePart, CatalogueTable } from '../../orchestrator/shapes.ts';
import { compiledEntry } from '../../process/compiled-entry.ts';
import { runChild } from '../../process/run-child.ts';
import { createScratch } from '../../publish/scratch.ts';
import { TurnQueue } from '../../system/turn-queue.ts';

export interface MergeTask {
  files: string[];
  rows: number;
  target: string;
  spill: string;
  memoryLimit: string;
}

const entry = compiledEntry(import.meta.url, './merge-child');
const megabyte = 1 << 20;

export class MergedFiles {
  private readonly config: InstanceConfig;
  private readonly folder: string;
  private readonly turns = new TurnQueue();
  private readonly underWay = new Map<string, Promise<string>>();
  private readonly stopping: AbortSignal;

  constructor(config: InstanceConfig, stopping: AbortSignal) {
    this.config = config;
    this.folder = join(config.dataDirectory, 'cache', 'merged');
    this.stopping = stopping;
  }

  /** Path and size of the table's one file. Whoever comes while it is being made waits for the same one. */
  async of(table: CatalogueTable): Promise<{ path: string; sizeBytes: number }> {
    const path = join(this.folder, `${table.hash.replace(/^sha256:/, '')}.parquet`);
    if ((await stat(path).catch(() => null)) === null) await this.make(table, path);
    // Its time says when it was last asked for; the sweep goes by that.
    const now = new Date();
    await utimes(path, now, now);
    return { path, sizeBytes: (await stat(path)).size };
  }

  private make(table: CatalogueTable, path: string): Promise<string> {
    const running = this.underWay.get(path);
    if (running !== undefined) return running;
    // One at a time: a merge may take the memory of an extraction.
    const made = this.turns
      .run(() => this.merge(table.id, table.parts, path))
      .finally(() => this.underWay.delete(path));
    this.underWay.set(path, made);
    return made;
  }

  private async merge(id: string, parts: readonly CataloguePart[], path: string): Promise<string> {
    await mkdir(this.folder, { recursive: true });
    await using scratch = await createScratch(join(this.config.dataDirectory, '.da'));
    const target = join(scratch.directory, 'merged.parquet');
    const task: MergeTask = {
      files: parts.map((part) => part.file),
      rows: parts.reduce((sum, part) => sum + part.rows, 0),
      target,
      spill: join(scratch.directory, 'spill'),
      memoryLimit: this.config.duckdb.memoryLimit,
    };
    const { extractMemoryBytes, extractTimeMs } = this.config.limits;
    await runChild<null>({
      entry,
      task,
      what: `Merging the parts of ${id}`,
      limits: { memoryBytes: Math.max(extractMemoryBytes, 256 * megabyte), timeMs: extractTimeMs },
      signal: this.stopping,
    });
    await syncFile(target);
    await rename(target, path);
    return path;
  }

  /** Removes files of content that is no longer served and that nobody asked for during the grace time. */
  async sweep(served: Iterable<CatalogueTable>, now = Date.now()): Promise<void> {
    const wanted = new Set([...served].map((table) => `${table.hash.replace(/^sha256:/, '')}.parquet`));
    for (const name of await readdir(this.folder).catch(() => [] as string[])) {
      if (wanted.has(name)) continue;
      const path = join(this.folder, name);
      const found = await stat(path).catch(() => null);
      if (found !== null && now - found.mtimeMs >= this.config.limits.graceMs) await rm(path, { force: true });
    }
  }
}
