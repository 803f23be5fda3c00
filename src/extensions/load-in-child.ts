/** Loads an extension in a child process: foreign code that crashes takes nobody with it, and leaves nothing loaded here. */
import { compiledEntry } from '../process/compiled-entry.ts';
import { runChild } from '../process/run-child.ts';

export interface LoadTask {
  path: string;
}

/** Null when DuckDB loads the file with its signature checked; otherwise what DuckDB says. */
export async function loadInChild(path: string, signal: AbortSignal): Promise<string | null> {
  const { refusal } = await runChild<{ refusal: string | null }>({
    entry: compiledEntry(import.meta.url, './child'),
    task: { path } satisfies LoadTask,
    limits: { memoryBytes: 2e9, timeMs: 60_000 },
    what: `Loading ${path}`,
    signal,
  });
  return refusal;
}
