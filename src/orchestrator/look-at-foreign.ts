/** Looks at an extract that somebody else wrote, in a child process: it may hold anything, and making parts of it may take long. */
import type { ExtractFolder } from '../contract/extract-folder.ts';
import { toAttacheError } from '../errors/attache-error.ts';
import { compiledEntry } from '../process/compiled-entry.ts';
import { runChild } from '../process/run-child.ts';
import type { ForeignEvent, ForeignTask } from './foreign-task.ts';
import type { Look } from './look.ts';
import type { OrchestratorOptions } from './shapes.ts';

const entry = compiledEntry(import.meta.url, './foreign-child');

/** A table that ends its child is left out and the rest is tried again, this many times. */
const tablesThatMayEndTheChild = 3;

/** A table without end must not take the others of its extract with it, nor the extract a process for as long as an extraction may take. */
const longestTableMs = 5 * 60_000;

export async function lookAtForeign(folder: ExtractFolder, options: OrchestratorOptions): Promise<Look> {
  const tableMs = Math.min(options.limits.extractTimeMs, longestTableMs);
  const deadline = Date.now() + 2 * tableMs;
  const task: ForeignTask = {
    dataDirectory: options.dataDirectory,
    source: folder.source,
    duckdb: options.duckdb,
    tableMs,
    broken: {},
  };
  for (let left = tablesThatMayEndTheChild; ; left -= 1) {
    let table: string | null = null;
    try {
      return await runChild<Look, ForeignEvent>({
        entry,
        task,
        limits: {
          memoryBytes: options.limits.extractMemoryBytes,
          timeMs: Math.max(1, deadline - Date.now()),
        },
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        what: `Reading the extract of ${folder.source}`,
        cwd: folder.directory,
        onEvent: (event) => {
          table = event.table;
        },
      });
    } catch (thrown) {
      options.signal?.throwIfAborted();
      const { message } = toAttacheError(thrown);
      if (table === null || left === 0 || Date.now() >= deadline) {
        return { kind: 'unreadable', failure: { code: 'extract_unreadable', message }, again: false };
      }
      task.broken[table] = message;
    }
  }
}
