/** Runs one extraction in a child process of its own and answers with a result for each table. */

import { AttacheError } from '../errors/attache-error.ts';
import type { ErrorCode } from '../errors/codes.ts';
import { endLeftWork } from './end-left-work.ts';
import { runChild } from './run-child.ts';
import type { ConnectorAnswer, ConnectorQuestion, ExtractEvent, ExtractReport, ExtractRequest } from './shapes.ts';

/** Never throws for a table's sake; throws `locked` when the source is being extracted already, and what stopped the run as a whole. */
export async function extractSource(
  request: ExtractRequest,
  options: { signal?: AbortSignal; onEvent?: (event: ExtractEvent) => void } = {},
): Promise<ExtractReport> {
  try {
    return await runChild<ExtractReport>({ kind: 'extract', request }, request, options);
  } catch (thrown) {
    if (wasKilled(thrown)) await endLeftWork(request).catch(() => {});
    throw thrown;
  }
}

/** Whether a child came to its end without a word. */
function wasKilled(thrown: unknown): boolean {
  const codes: ErrorCode[] = ['child_failed', 'timed_out', 'memory_exceeded', 'cancelled'];
  return thrown instanceof AttacheError && codes.includes(thrown.code);
}

/** Asks the source's connector in a child process. */
export async function askConnector<Q extends ConnectorQuestion>(
  request: Omit<ExtractRequest, 'runId' | 'tables' | 'full'>,
  question: Q,
  options: { signal?: AbortSignal } = {},
): Promise<ConnectorAnswer<Q>> {
  try {
    return await runChild<ConnectorAnswer<Q>>({ kind: 'ask', request, question }, request, options);
  } catch (thrown) {
    if (wasKilled(thrown)) await endLeftWork(request).catch(() => {});
    throw thrown;
  }
}
