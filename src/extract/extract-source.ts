/** Runs one extraction in a child process of its own and answers with a result for each table. */

import { AttacheError } from '../errors/attache-error.ts';
import type { ErrorCode } from '../errors/codes.ts';
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
    if (wasKilled(thrown)) await tidy(request);
    throw thrown;
  }
}

/** Whether a child came to its end without a word. */
function wasKilled(thrown: unknown): boolean {
  const codes: ErrorCode[] = ['child_failed', 'timed_out', 'memory_exceeded', 'cancelled'];
  return thrown instanceof AttacheError && codes.includes(thrown.code);
}

const tidyMs = 30_000;

/** What a killed child left running at its source is ended by another one; should that fail too, the next run tries again. */
async function tidy(request: ExtractRequest): Promise<void> {
  const limits = { ...request.limits, extractTimeMs: tidyMs };
  await runChild({ kind: 'tidy', request }, { ...request, limits }, {}).catch(() => {});
}

/** Asks the source's connector in a child process. */
export async function askConnector<Q extends ConnectorQuestion>(
  request: Omit<ExtractRequest, 'runId' | 'tables' | 'full'>,
  question: Q,
  options: { signal?: AbortSignal } = {},
): Promise<ConnectorAnswer<Q>> {
  return runChild<ConnectorAnswer<Q>>({ kind: 'ask', request, question }, request, options);
}
