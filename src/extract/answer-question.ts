/** Answers one question to a connector: check, discover, or what registration of a table settles. */
import type { CheckReport, DiscoveredTable, SettledTable } from '../connectors/connector.ts';
import { planTable } from './plan-table.ts';
import type { ConnectorQuestion, ExtractRequest, PlannedSync } from './shapes.ts';
import { connectorOf, sourceContext } from './source-context.ts';

export async function answerQuestion(
  request: Omit<ExtractRequest, 'runId' | 'tables' | 'full'>,
  question: ConnectorQuestion,
  signal: AbortSignal,
): Promise<CheckReport | DiscoveredTable[] | SettledTable | PlannedSync> {
  if (question.kind === 'plan') return planTable({ ...request, ...question }, question.table, signal);
  const connector = await connectorOf(request.source);
  const context = sourceContext(connector, request, signal);
  if (question.kind === 'check') return connector.check(context);
  if (question.kind === 'discover') return connector.discover(context);
  return (
    (await connector.settle?.(context, question.table)) ?? { options: question.table.options, columns: null, notes: [] }
  );
}
