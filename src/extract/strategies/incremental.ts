/** incremental: reads what changed since the watermark and merges or appends it; everything anew when it must be. */
import type { ColumnPlan, PlanRequest, ReadPlan } from '../../connectors/read-way.ts';
import { isMerge } from '../../connectors/strategy-rules.ts';
import type { ReadRange } from '../../connectors/table-options.ts';
import type { TableRequest } from '../../connectors/table-request.ts';
import { checkRejects } from '../check-rejects.ts';
import { withExactColumns } from '../exact-columns.ts';
import { rowGroupRowsOf } from '../layout.ts';
import type { Loaded, StrategyAnswer } from '../loaded.ts';
import { keepRejects } from '../rejects.ts';
import type { Run } from '../run.ts';
import { publishedColumns, schemaChanges } from '../schema-changes.ts';
import { type Staged, stage, unionOf } from '../stage.ts';
import type { Before } from '../table-before.ts';
import type { TableState } from '../table-state.ts';
import { appendAll, appendDelta } from './append.ts';
import { goneKeys } from './gone-keys.ts';
import { layOutByKey } from './lay-out-by-key.ts';
import { mergeDelta } from './merge.ts';
import type { LaidOut, TableWork } from './table-work.ts';
import { rangeFrom, watermarkOf } from './watermark.ts';
import { whyFull } from './why-full.ts';

/** A delta of more than half the table costs more to merge than to read anew. */
const largestDelta = 0.5;
const alwaysMergedRows = 100_000;

export async function loadIncremental(run: Run, table: TableRequest, before: Before): Promise<StrategyAnswer> {
  const reason = whyFull(run.request, table, before.state);
  if (reason === null && before.state !== null) {
    const answer = await loadDelta(run, table, before, before.state);
    if (!('full' in answer)) return answer;
    return loadFull(run, table, before, answer.full);
  }
  return loadFull(run, table, before, reason);
}

function planRequest(before: Before, range: ReadRange): PlanRequest {
  return {
    range,
    previousFingerprint: before.state?.fingerprint ?? null,
    previousColumns: before.columns,
    remembered: before.state?.remembered ?? null,
  };
}

async function loadDelta(
  run: Run,
  table: TableRequest,
  before: Before,
  state: TableState,
): Promise<StrategyAnswer | { full: string }> {
  const session = await run.database.connect();
  try {
    const cursorType = before.columns?.find((column) => column.name === table.options.cursor)?.type ?? null;
    const range = await rangeFrom(session, table, state.watermark ?? '', cursorType, run.request.since);
    const asked = planRequest(before, range);
    // What is asked for again is wanted although nothing has changed since.
    const plan = await run.reading.plan(
      table,
      run.request.since === undefined ? asked : { ...asked, previousFingerprint: null },
    );
    if (plan.kind !== 'read') return plan;
    return await withExactColumns(run, plan, before, async (columns, warnings) => {
      const changes = schemaChanges(before.columns, publishedColumns(columns));
      if (changes.length > 0) return { full: `the columns changed: ${changes.join('; ')}` };
      const work: TableWork = { run, table, before, columns, rowGroupRows: rowGroupRowsOf(plan, state) };
      const delta = await stage(run, table, plan, columns, work.rowGroupRows);
      try {
        return await applyDelta(work, plan, state, delta, warnings);
      } finally {
        await delta.remove();
      }
    });
  } finally {
    session.close();
  }
}

async function applyDelta(
  work: TableWork,
  plan: ReadPlan,
  state: TableState,
  delta: Staged,
  warnings: string[],
): Promise<StrategyAnswer | { full: string }> {
  const { run, table, before } = work;
  checkRejects(plan, delta.rejects.length, delta.rows);
  const rowsBefore = before.table?.meta.rows ?? 0;
  if (delta.rows > alwaysMergedRows && delta.rows > rowsBefore * largestDelta)
    return { full: `${delta.rows} of ${rowsBefore} rows changed` };
  const gone = table.options.detect_deletes === true ? await goneKeys(work) : null;
  try {
    const laidOut = isMerge(table)
      ? await mergeDelta(work, state, delta, gone?.files ?? [])
      : await appendDelta(work, state, delta);
    const inSource = (await run.reading.count?.(table)) ?? null;
    if (inSource !== null && inSource !== laidOut.rows)
      return { full: `the source has ${inSource} rows and the merged table ${laidOut.rows}` };
    await keepRejects(run, table.id, delta.rejects, delta.rejects.length, null);
    return { kind: 'loaded', loaded: await asLoaded(work, plan, laidOut, delta, { ...state, warnings }) };
  } finally {
    await gone?.remove();
  }
}

async function loadFull(run: Run, table: TableRequest, before: Before, reason: string | null): Promise<StrategyAnswer> {
  const plan = await run.reading.plan(table, { ...planRequest(before, { kind: 'all' }), previousFingerprint: null });
  if (plan.kind !== 'read') return plan;
  if (reason !== null && before.state !== null)
    run.emit({ kind: 'note', message: `${table.id} is read in full: ${reason}` });
  return withExactColumns(run, plan, before, async (columns, warnings) => {
    const work: TableWork = { run, table, before, columns, rowGroupRows: rowGroupRowsOf(plan, before.state) };
    const staged = await stage(run, table, plan, columns, work.rowGroupRows);
    try {
      checkRejects(plan, staged.rejects.length, staged.rows);
      const laidOut = isMerge(table) ? await layOutByKey(work, plan, staged) : await appendAll(work, staged);
      await keepRejects(run, table.id, staged.rejects, staged.rejects.length, null);
      return {
        kind: 'loaded' as const,
        loaded: await asLoaded(work, plan, laidOut, staged, {
          watermark: null,
          last_full_at: new Date().toISOString(),
          warnings,
        }),
      };
    } finally {
      await staged.remove();
    }
  });
}

async function asLoaded(
  { run, table, columns, rowGroupRows }: TableWork,
  plan: ReadPlan,
  laidOut: LaidOut,
  read: Staged,
  { watermark, last_full_at, warnings }: Pick<TableState, 'watermark' | 'last_full_at'> & { warnings: string[] },
): Promise<Loaded> {
  return {
    columns,
    parts: laidOut.parts,
    pieces: laidOut.pieces,
    rowGroupRows,
    fingerprint: plan.fingerprint ?? null,
    remembered: plan.remember ?? null,
    watermark: plan.watermark ?? (await newWatermark(run, table, columns, read, watermark)),
    lastFullAt: last_full_at,
    rejected: read.rejects.length,
    rejectsRun: read.rejects.length > 0 ? run.request.runId : null,
    warnings,
  };
}

async function newWatermark(
  run: Run,
  table: TableRequest,
  columns: readonly ColumnPlan[],
  read: Staged,
  before: string | null,
): Promise<string | null> {
  const type = columns.find((column) => column.name === table.options.cursor)?.type;
  if (type === undefined || read.files.length === 0) return before;
  const session = await run.database.connect();
  try {
    return await watermarkOf(session, table, unionOf(read.files, columns), type, before, new Date());
  } finally {
    session.close();
  }
}
