/** Plans a read through a query: what a view, an external table or `options.sql` needs, and what a table needs whose storage may not be read. */
import type { OpenPiece, PieceWay, ReadPlan } from '../read-way.ts';
import type { TableRequest } from '../table-request.ts';
import { priceText } from './cost-guard.ts';
import { type DryRun, dryRun } from './dry-run.ts';
import { columnPlan } from './duck-types.ts';
import type { Engine } from './extension/engine.ts';
import { openResultByExtension } from './extension/open-result.ts';
import { type Field, holdsInterval } from './fields.ts';
import type { Look } from './look.ts';
import type { Options } from './options.ts';
import { runJob } from './query-job.ts';
import type { QueryText } from './query-text.ts';
import { feedPages, pagesRelation } from './rest-pages.ts';
import { rowsOf } from './result-rows.ts';
import { openStoredResult } from './storage-result.ts';

export interface QueryRead {
  text: QueryText;
  /** Completes "BigQuery: … failed". */
  doing: string;
}

export async function planQuery(
  look: Look,
  table: TableRequest,
  read: QueryRead,
  facts: Pick<ReadPlan, 'fingerprint' | 'rows' | 'warnings'> = {},
): Promise<ReadPlan> {
  const engine = await look.engines.choose(table);
  const dry = await dryRun(look.rest, read.text, read.doing);
  await look.guard.foresee(table.id, dry.estimate);
  return {
    kind: 'read',
    columns: dry.fields.map((field, index) => columnPlan(field, index, table.options as Options)),
    pieces: [{ id: '0', open: (way) => openQuery(look, engine, table, read, dry, way) }],
    // A query answers the same rows in an order that changes, so they are sorted.
    order: 'key',
    estimate: {
      rows: facts.rows ?? null,
      bytes: dry.estimate.bytes,
      notes: [priceText(look.settings, dry.estimate)],
    },
    ...facts,
  };
}

/** A result above it comes by Storage Read, where that is allowed. */
const largestByRest = 64e6;

async function openQuery(
  look: Look,
  engine: Engine | null,
  table: TableRequest,
  { text, doing }: QueryRead,
  { estimate, fields, location }: DryRun,
  way: PieceWay,
): Promise<OpenPiece> {
  const job = await runJob(look, {
    text: { ...text, location },
    estimate,
    table: table.id,
    source: look.source,
    doing,
    signal: way.signal,
  });
  const isLarge = estimate.bytes > largestByRest && !fields.some(holdsInterval);
  const natively = async () => {
    const stored = isLarge ? await openStoredResult(look, job, fields, way, doing) : null;
    return stored ?? openPages(look, job.reference, fields, way, doing);
  };
  if (engine === null || (!isLarge && look.settings.driver === 'auto')) return natively();
  const rows = await rowsOf(look.rest, job, doing, way.signal);
  return openResultByExtension(engine, { table, job, fields, rows }, way, natively);
}

async function openPages(
  { rest }: Look,
  job: Parameters<typeof feedPages>[1],
  fields: readonly Field[],
  way: PieceWay,
  doing: string,
): Promise<OpenPiece> {
  const pipe = await way.pipe();
  return { relation: pagesRelation(pipe.path, fields), feed: () => feedPages(rest, job, pipe, way, doing) };
}
