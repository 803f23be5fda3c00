/** Reads a source that DuckDB itself can attach: the connector gives SQL, this gives it the shape every source has. */

import type { Connector } from '../connectors/connector.ts';
import type { ColumnPlan, PlanRequest, ReadSession, RunContext, TablePlan } from '../connectors/read-way.ts';
import type { ReadRange } from '../connectors/table-options.ts';
import type { TableRequest } from '../connectors/table-request.ts';
import { predicateSql, whereSql } from '../duckdb/predicate.ts';
import { identifier, literal } from '../duckdb/quote.ts';
import type { Session } from '../duckdb/session.ts';
import { AttacheError, toAttacheError } from '../errors/attache-error.ts';

const alias = 'attached_source';

export async function openAttachedSession(connector: Connector, context: RunContext<unknown>): Promise<ReadSession> {
  const way = connector.attach;
  if (way === undefined)
    throw new AttacheError('unsupported', {
      message: `Sources of type ${connector.type} are not pulled; they push.`,
      hint: 'Leave this source out of the sync.',
    });
  const session = await context.session();
  const explained = (thrown: unknown): unknown => way.explain?.(context, thrown) ?? thrown;
  try {
    if (way.extension !== undefined) await session.run(`LOAD ${identifier(way.extension)}`);
    for (const statement of way.statements(context, alias)) await session.run(statement);
  } catch (thrown) {
    throw explained(thrown);
  }
  return {
    plan: async (table, request) => {
      const fingerprint = (await way.fingerprint?.(context, table, session, alias)) ?? null;
      if (fingerprint !== null && fingerprint === request.previousFingerprint)
        return { kind: 'unchanged', reason: 'the source has not changed since the last sync' };
      return planOf(connector, context, session, table, request, fingerprint);
    },
    count: async (table) => {
      const conditions = (table.options.where ?? []).map(predicateSql);
      return countOf(session, `${way.relation(table, alias)}${whereSql(conditions)}`);
    },
    close: async () => session.run(`DETACH ${identifier(alias)}`),
  };
}

async function countOf(session: Session, relation: string): Promise<number> {
  const row = await session.first<{ n: string }>(`SELECT count(*) AS n FROM ${relation}`);
  return Number(row?.n ?? 0);
}

const sampledRows = 10_000;

/** Rows are counted; their bytes are those of the first ones' text. */
async function estimateOf(session: Session, rows: string): Promise<{ rows: number; bytes: number }> {
  const count = await countOf(session, rows);
  const first = await session.first<{ bytes: number | null }>(
    `SELECT avg(strlen(CAST(sample AS VARCHAR)))::DOUBLE AS bytes FROM (FROM ${rows} LIMIT ${sampledRows}) AS sample`,
  );
  return { rows: count, bytes: Math.round(count * (first?.bytes ?? 0)) };
}

async function planOf(
  connector: Connector,
  context: RunContext<unknown>,
  session: Session,
  table: TableRequest,
  request: PlanRequest,
  fingerprint: string | null,
): Promise<TablePlan> {
  const way = connector.attach!;
  const relation = way.relation(table, alias);
  const columns = await columnsOf(connector, context, session, table, relation);
  const conditions = [...(table.options.where ?? []).map(predicateSql), ...rangeConditions(request.range)];
  const rows = `(SELECT ${columns.map((column) => identifier(column.wire)).join(', ')} FROM ${relation}${whereSql(conditions)})`;
  return {
    kind: 'read',
    columns,
    pieces: [{ id: 'all', open: async () => ({ relation: rows }) }],
    order: table.primary_key.length > 0 ? 'key' : 'source',
    ...(request.estimate === true ? { estimate: await estimateOf(session, rows) } : {}),
    ...(fingerprint === null ? {} : { fingerprint }),
  };
}

async function columnsOf(
  connector: Connector,
  context: RunContext<unknown>,
  session: Session,
  table: TableRequest,
  relation: string,
): Promise<ColumnPlan[]> {
  let described: { column_name: string; column_type: string }[];
  try {
    described = await session.rows(`DESCRIBE SELECT * FROM ${relation}`);
  } catch (thrown) {
    throw connector.attach?.explain?.(context, thrown) ?? toAttacheError(thrown, 'source_missing');
  }
  const wanted = table.options.columns;
  const missing = wanted?.filter((name) => !described.some((column) => column.column_name === name)) ?? [];
  if (missing.length > 0) {
    throw new AttacheError('source_missing', {
      message: `${table.source_table} has no column ${missing.join(', ')}.`,
      hint: 'Correct options.columns of the table.',
    });
  }
  return described
    .filter((column) => wanted === undefined || wanted.includes(column.column_name))
    .map(({ column_name: name, column_type: type }) => {
      const retyped = connector.attach?.retype?.({ name, type }) ?? null;
      return {
        name,
        sourceType: type,
        wire: name,
        ...(retyped ?? { type, expression: '$' }),
      };
    });
}

function rangeConditions(range: ReadRange): string[] {
  switch (range.kind) {
    case 'all':
      return [];
    case 'cursor':
      return [
        range.from === null
          ? `${identifier(range.column)} IS NOT NULL`
          : `${identifier(range.column)} >= ${literal(range.from)}`,
      ];
    case 'partitions':
      return [
        `strftime(${identifier(range.column)}, ${literal(formats[range.granularity])}) IN (${range.values.map(literal).join(', ')})`,
      ];
    case 'changes':
      throw new AttacheError('unsupported', { message: 'An attached source has no change feed.' });
  }
}

const formats = { day: '%Y-%m-%d', month: '%Y-%m', year: '%Y' } as const;
