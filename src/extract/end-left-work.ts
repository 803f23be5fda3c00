/** Ends at a source what a killed process left running there. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { extractFolder } from '../contract/extract-folder.ts';
import { runChild } from './run-child.ts';
import type { ExtractRequest } from './shapes.ts';
import { memoryFile } from './source-memory.ts';

const limitMs = 30_000;

/** In a process of its own, and only for a source that remembers anything; throws when it could not be done, and then the next run tries again. */
export async function endLeftWork(request: Omit<ExtractRequest, 'runId' | 'tables' | 'full'>): Promise<void> {
  const { work } = extractFolder(request.dataDirectory, request.source.name);
  if (!existsSync(join(work, memoryFile))) return;
  const limits = { ...request.limits, extractTimeMs: limitMs };
  await runChild({ kind: 'tidy', request }, { ...request, limits }, {});
}
