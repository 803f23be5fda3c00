/** Plans a read of a stored table by the extension: only whole tables that have not changed since the look, and only where every value stays what it is. */

import { PlanAgain } from '../../plan-again.ts';
import type { OpenPiece, PieceWay, ReadPlan } from '../../read-way.ts';
import type { TableRequest } from '../../table-request.ts';
import { type Estimate, priceText } from '../cost-guard.ts';
import { describeTable, type SourceTable } from '../describe-table.ts';
import { columnPlan, wireName } from '../duck-types.ts';
import type { Field } from '../fields.ts';
import type { Look } from '../look.ts';
import type { Options } from '../options.ts';
import { dotted } from '../table-name.ts';
import { arrivesAs } from './arrives.ts';
import type { Engine } from './engine.ts';
import { checkTypes, namedColumns } from './named-columns.ts';

export interface StoredRead {
  source: SourceTable;
  fields: readonly Field[];
  /** GoogleSQL the rows must meet; none for all of them. */
  conditions: readonly string[];
  facts: Pick<ReadPlan, 'fingerprint' | 'rows' | 'rowBytes'>;
}

/** Null, with the reason said, where the extension would not bring the same rows. */
export async function planExtension(
  look: Look,
  engine: Engine,
  table: TableRequest,
  read: StoredRead,
): Promise<ReadPlan | null> {
  const obstacle = obstacleOf(read);
  if (obstacle !== null) {
    engine.giveUp(table, obstacle);
    return null;
  }
  const { source, fields, facts } = read;
  // What a read session would be billed is not known before it is opened; the table's bytes are the most it can be.
  const estimate: Estimate = { bytes: source.bytes, open: false, tables: 1, way: 'storage' };
  await look.guard.foresee(table.id, estimate);
  return {
    kind: 'read',
    columns: fields.map((field, index) => columnPlan(field, index, table.options as Options)),
    pieces: [{ id: '0', open: (way) => openScan(look, engine, table, read, estimate, way) }],
    // Streams come in an order of their own.
    order: 'key',
    estimate: { rows: source.rows, bytes: estimate.bytes, notes: [priceText(look.settings, estimate)] },
    ...facts,
  };
}

/** The extension reads a table as it is now, so only one that stood still is read as of the look. */
function obstacleOf({ fields, conditions, facts }: StoredRead): string | null {
  if (conditions.length > 0) return 'the extension does not keep to conditions';
  if (facts.fingerprint === undefined || facts.rows === undefined)
    return 'the table is changing, and the extension reads no past';
  const lost = fields.find((field) => arrivesAs(field) === null);
  return lost === undefined ? null : `the extension does not keep every value of ${lost.name} (${lost.kind})`;
}

async function openScan(
  look: Look,
  engine: Engine,
  table: TableRequest,
  { source, fields }: StoredRead,
  estimate: Estimate,
  { session, signal }: PieceWay,
): Promise<OpenPiece> {
  await look.guard.allow(table.id, estimate);
  const planAgain = (thrown: unknown): PlanAgain => {
    signal.throwIfAborted();
    return new PlanAgain(engine.giveUp(table, thrown instanceof Error ? thrown.message : String(thrown)));
  };
  try {
    const relation = await engine.relation(session, source.name);
    await checkTypes(session, relation, fields);
    return {
      relation: namedColumns(relation, fields, wireName),
      rows: source.rows,
      recover: async (failure) => {
        if (failure !== null) throw planAgain(failure);
        const now = await describeTable(look.rest, source.name);
        if (now.modifiedMs === source.modifiedMs && !now.streaming) return null;
        throw planAgain(`${dotted(source.name)} changed while it was read`);
      },
    };
  } catch (thrown) {
    throw planAgain(thrown);
  }
}
