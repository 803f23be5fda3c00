/** Runs one extraction in a child process of its own and answers with a result for each table. */

import { runChild } from './run-child.ts';
import type { ConnectorAnswer, ConnectorQuestion, ExtractEvent, ExtractReport, ExtractRequest } from './shapes.ts';

/** Never throws for a table's sake; throws `locked` when the source is being extracted already, and what stopped the run as a whole. */
export async function extractSource(
  request: ExtractRequest,
  options: { signal?: AbortSignal; onEvent?: (event: ExtractEvent) => void } = {},
): Promise<ExtractReport> {
  return runChild<ExtractReport>({ kind: 'extract', request }, request, options);
}

/** Asks the source's connector in a child process. */
export async function askConnector<Q extends ConnectorQuestion>(
  request: Omit<ExtractRequest, 'runId' | 'tables' | 'full'>,
  question: Q,
  options: { signal?: AbortSignal } = {},
): Promise<ConnectorAnswer<Q>> {
  return runChild<ConnectorAnswer<Q>>({ kind: 'ask', request, question }, request, options);
}
