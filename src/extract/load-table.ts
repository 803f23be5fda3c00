/** Loads one table by its strategy and says what to publish. */

import { PlanAgain } from '../connectors/plan-again.ts';
import type { ReadPlan, RemotePlan, TablePlan } from '../connectors/read-way.ts';
import { isMerge } from '../connectors/strategy-rules.ts';
import type { TableRequest } from '../connectors/table-request.ts';
import type { RemoteAttach } from '../contract/shapes.ts';
import { tableHash } from '../contract/table-hash.ts';
import { AttacheError } from '../errors/attache-error.ts';
import type { Publication } from '../publish/publish.ts';
import type { Loaded, StrategyAnswer } from './loaded.ts';
import { carryRejects } from './rejects.ts';
import type { Run } from './run.ts';
import { publishedColumns, schemaChanges } from './schema-changes.ts';
import type { TableResult } from './shapes.ts';
import { appendPieces } from './strategies/append-pieces.ts';
import { loadPieces } from './strategies/full-refresh.ts';
import { loadIncremental } from './strategies/incremental.ts';
import { mergePieces } from './strategies/merge-pieces.ts';
import { loadPartitioned } from './strategies/partitioned.ts';
import { requestForAll } from './strategies/request-for-all.ts';
import { type Before, publishedBefore } from './table-before.ts';
import { requestHash, type TableState } from './table-state.ts';

export interface TableOutcome {
  result: TableResult;
  /** What to publish; null when the published content stays. */
  publication: (Publication['tables'] extends ReadonlyMap<string, infer T> ? T : never) | null;
  remoteAttach?: RemoteAttach[];
}

export async function loadTable(run: Run, table: TableRequest, startedAt: Date): Promise<TableOutcome> {
  const before = await publishedBefore(run, table);
  const answer = await readOrPlanAgain(() => strategyOf(run, table)(run, table, before));
  switch (answer.kind) {
    case 'loaded':
      return loadedOutcome(table, answer.loaded, before, startedAt);
    case 'remote':
      return remoteOutcome(table, answer, before, startedAt);
    default:
      return keptOutcome(run, table, answer, before, startedAt);
  }
}

/** A second plan is the last one: what stands in its way is the outcome. */
async function readOrPlanAgain(read: () => Promise<StrategyAnswer>): Promise<StrategyAnswer> {
  try {
    return await read();
  } catch (thrown) {
    if (!(thrown instanceof PlanAgain)) throw thrown;
  }
  try {
    return await read();
  } catch (thrown) {
    throw thrown instanceof PlanAgain ? (thrown.cause ?? thrown) : thrown;
  }
}

type Strategy = (run: Run, table: TableRequest, before: Before) => Promise<StrategyAnswer>;

function strategyOf({ connector }: Run, table: TableRequest): Strategy {
  if (table.query_mode === 'remote') return loadFullRefresh;
  if (table.sync_strategy === 'incremental' && connector.serves.pieces === true)
    return isMerge(table) ? mergePieces : appendPieces;
  return { full_refresh: loadFullRefresh, incremental: loadIncremental, partitioned: loadPartitioned }[
    table.sync_strategy
  ];
}

async function loadFullRefresh(run: Run, table: TableRequest, before: Before): Promise<StrategyAnswer> {
  const plan = await run.reading.plan(table, requestForAll(run, before, run.request.full ?? false));
  if (plan.kind !== 'read') return plan;
  const loaded = await loadPieces(run, table, plan, before);
  checkAnnouncedRows(table, plan, loaded);
  return { kind: 'loaded', loaded };
}

/** The source said how many rows there are: fewer or more is never published. */
function checkAnnouncedRows(table: TableRequest, plan: ReadPlan, { parts, rejected }: Loaded): void {
  const found = rejected + parts.reduce((sum, part) => sum + part.rows, 0);
  if (plan.rows === undefined || plan.rows === found) return;
  throw new AttacheError('rows_missing', {
    message: `The source announced ${plan.rows} rows for ${table.id} and sent ${found}.`,
    hint: 'The table keeps its data. Sync it again; if it repeats, the source itself is inconsistent.',
    retryable: true,
  });
}

function loadedOutcome(table: TableRequest, loaded: Loaded, before: Before, startedAt: Date): TableOutcome {
  const rows = loaded.parts.reduce((sum, part) => sum + part.rows, 0);
  const size_bytes = loaded.parts.reduce((sum, part) => sum + part.size_bytes, 0);
  const columns = publishedColumns(loaded.columns);
  const changes = schemaChanges(before.columns, columns);
  checkSchemaPolicy(table, changes);
  const sameContent =
    before.table !== null &&
    before.table.parts.length > 0 &&
    changes.length === 0 &&
    tableHash(before.table.parts) === tableHash(loaded.parts);
  const state = stateAfter(table, loaded);
  const result = resultOf(table, startedAt, {
    status: sameContent ? 'unchanged' : 'succeeded',
    rows,
    size_bytes,
    rejected: loaded.rejected,
    schema_changes: changes,
    warnings: loaded.warnings,
  });
  const sameLabel = before.table?.meta.description === table.description;
  if (sameContent && sameLabel && sameState(before.state, state)) return { result, publication: null };
  const meta = {
    table_name: table.id,
    description: table.description,
    rows,
    size_bytes,
    extracted_at: isoMicroseconds(new Date()),
    query_mode: 'local' as const,
  };
  return { result, publication: { meta, parts: loaded.parts, record: { columns, state, schema_changes: changes } } };
}

function stateAfter(table: TableRequest, loaded: Loaded): TableState {
  return {
    version: 1,
    request: requestHash(table),
    fingerprint: loaded.fingerprint,
    row_group_rows: loaded.rowGroupRows,
    pieces: loaded.pieces,
    rejected: loaded.rejected,
    rejects_run: loaded.rejectsRun,
    remembered: loaded.remembered,
    watermark: loaded.watermark,
    last_full_at: loaded.lastFullAt,
    merged: loaded.merged ?? [],
  };
}

/** Whether a state is worth a publish of its own; which run holds the rejects is not. */
function sameState(before: TableState | null, after: TableState): boolean {
  return JSON.stringify({ ...before, rejects_run: null }) === JSON.stringify({ ...after, rejects_run: null });
}

function checkSchemaPolicy(table: TableRequest, changes: readonly string[]): void {
  if (table.options.schema_policy !== 'freeze' || changes.length === 0) return;
  throw new AttacheError('schema_changed', {
    message: `The columns of ${table.id} differ from the published ones: ${changes.join('; ')}.`,
    hint: 'The table keeps its data. Set options.schema_policy to evolve to follow the source.',
    faults: changes.map((message) => ({ pointer: '/columns', message })),
  });
}

function keptOutcome(
  run: Run,
  table: TableRequest,
  plan: Extract<TablePlan, { reason: string }>,
  before: Before,
  startedAt: Date,
): TableOutcome {
  const rejected = before.state?.rejected ?? 0;
  if (before.state?.rejects_run) void carryRejects(run.folder, before.state.rejects_run, run.request.runId, table.id);
  const meta = before.table?.meta;
  return {
    result: resultOf(table, startedAt, {
      status: plan.kind,
      rows: meta?.rows ?? null,
      size_bytes: meta?.size_bytes ?? null,
      rejected,
      schema_changes: [],
      warnings: [plan.reason],
    }),
    publication: relabelled(table, before),
  };
}

/** A new description goes live also when the rows stay. */
function relabelled(table: TableRequest, { table: published }: Before): TableOutcome['publication'] {
  if (published === null || published.record === null || published.meta.description === table.description) return null;
  return { ...published, record: published.record, meta: { ...published.meta, description: table.description } };
}

function remoteOutcome(table: TableRequest, plan: RemotePlan, before: Before, startedAt: Date): TableOutcome {
  const changes = schemaChanges(before.columns, plan.columns);
  const same =
    before.table?.meta.query_mode === 'remote' &&
    before.columns !== null &&
    changes.length === 0 &&
    before.table.meta.description === table.description;
  const result = resultOf(table, startedAt, {
    status: same ? 'unchanged' : 'succeeded',
    rows: 0,
    size_bytes: 0,
    rejected: 0,
    schema_changes: changes,
    warnings: plan.warnings ?? [],
  });
  const meta = {
    table_name: table.id,
    description: table.description,
    rows: 0,
    size_bytes: 0,
    extracted_at: isoMicroseconds(new Date()),
    query_mode: 'remote' as const,
  };
  const publication = same
    ? null
    : { meta, parts: [], record: { columns: plan.columns, state: null, schema_changes: changes } };
  return { result, publication, remoteAttach: [plan.attach] };
}

function resultOf(
  table: TableRequest,
  startedAt: Date,
  facts: Omit<TableResult, 'id' | 'error' | 'started_at' | 'finished_at'>,
): TableResult {
  return {
    id: table.id,
    ...facts,
    error: null,
    started_at: startedAt.toISOString(),
    finished_at: new Date().toISOString(),
  };
}

function isoMicroseconds(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
