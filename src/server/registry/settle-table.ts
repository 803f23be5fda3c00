/** Asks the source, once, what must not be guessed in a scheduled run. */
import type { SourceConfig } from '../../config/shapes.ts';
import type { SettledTable } from '../../connectors/connector.ts';
import { type KnownColumn, strategyFaults } from '../../connectors/strategy-rules.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import type { ConnectorQuestion } from '../../extract/shapes.ts';
import { tableRequest } from '../../sync/table-request.ts';
import type { ServerParts } from '../server-parts.ts';
import { type CheckedTable, cannotBeRegistered } from './check-table.ts';
import { isOfferedAs } from './is-offered-as.ts';

const longestAnswerMs = 120_000;

/** The row with what the source settled. Throws when what the source has shows that the table cannot be synced as it is said. */
export async function settleTable(
  parts: ServerParts,
  checked: CheckedTable,
): Promise<{ table: CheckedTable['table']; columns: SettledTable['columns']; notes: string[] }> {
  const { source, connector } = checked;
  let { table } = checked;
  let settled: SettledTable | null = null;
  if (connector.settle !== undefined) {
    settled = await askSource(parts, source, { kind: 'settle', table: tableRequest(table) }).catch(refuseMissing);
    table = { ...table, options: settled.options, primary_key: settled.primary_key ?? table.primary_key };
  }
  if (namesColumns(table)) {
    const known =
      settled?.offered ??
      settled?.columns?.map(({ name }) => ({ name, nullable: false })) ??
      (await offeredColumns(parts, checked));
    const faults = strategyFaults(tableRequest(table), connector.serves, known);
    if (faults.length > 0) throw cannotBeRegistered(faults);
  }
  return { table, columns: settled?.columns ?? null, notes: settled?.notes ?? [] };
}

/** A table that is not there is a fault of what was said, unlike a source that cannot be reached. */
function refuseMissing(thrown: unknown): never {
  if (!(thrown instanceof AttacheError) || thrown.code !== 'source_missing') throw thrown;
  throw cannotBeRegistered([{ pointer: '/source_table', message: [thrown.message, thrown.hint].join(' ').trim() }]);
}

/** Only then is it worth asking the source for all its columns. */
function namesColumns({ primary_key, options, sync_strategy }: CheckedTable['table']): boolean {
  return (
    sync_strategy !== 'full_refresh' ||
    primary_key.length > 0 ||
    options.columns !== undefined ||
    options.where !== undefined
  );
}

/** The columns of the table as its source tells them; null when it does not, or cannot now: the first sync will. */
async function offeredColumns(
  parts: ServerParts,
  { table, source, connector }: CheckedTable,
): Promise<KnownColumn[] | null> {
  const offered = await askSource(parts, source, { kind: 'discover' }).catch((err: unknown) => {
    parts.log.warn({ source: source.name, err }, 'the source could not be asked for its columns');
    return [];
  });
  const found = offered.filter((candidate) => isOfferedAs(table, candidate, connector));
  return found.length === 1 ? (found[0]?.columns ?? null) : null;
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
