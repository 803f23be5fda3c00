/** Asks the source, once, what must not be guessed in a scheduled run. */
import type { SourceConfig } from '../../config/shapes.ts';
import type { SettledTable } from '../../connectors/connector.ts';
import type { ConnectorQuestion } from '../../extract/shapes.ts';
import { tableRequest } from '../../sync/table-request.ts';
import type { ServerParts } from '../server-parts.ts';
import type { CheckedTable } from './check-table.ts';

const longestAnswerMs = 120_000;

/** The row with what the source settled; the row itself when its connector settles nothing. */
export async function settleTable(
  parts: ServerParts,
  { table, source, connector }: CheckedTable,
): Promise<{ table: CheckedTable['table']; columns: SettledTable['columns']; notes: string[] }> {
  if (connector.settle === undefined) return { table, columns: null, notes: [] };
  const settled = await askSource(parts, source, { kind: 'settle', table: tableRequest(table) });
  return {
    table: { ...table, options: settled.options, primary_key: settled.primary_key ?? table.primary_key },
    columns: settled.columns,
    notes: settled.notes,
  };
}

/** One question to a source, in a child process with less patience than an extraction. */
export function askSource<Q extends ConnectorQuestion>(parts: ServerParts, source: SourceConfig, question: Q) {
  const { config, ask, secretsOf, stopping } = parts;
  const limits = { ...config.limits, extractTimeMs: Math.min(config.limits.extractTimeMs, longestAnswerMs) };
  return ask(
    {
      dataDirectory: config.dataDirectory,
      source,
      secrets: secretsOf(source),
      duckdb: config.duckdb,
      limits,
    },
    question,
    { signal: stopping },
  );
}
