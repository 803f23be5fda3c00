/** Turns the native way's columns into what the extension is asked for, so that both end at the same values. Pure. */

import type { Column } from '../../../contract/shapes.ts';
import { identifier } from '../../../duckdb/quote.ts';
import type { ColumnPlan } from '../../read-way.ts';
import type { SourceColumn } from '../column-types.ts';
import { precisionOf, scaleOf, type WireColumn } from '../plan-columns.ts';
import { type BinaryRule, binaryDecimal, binaryTypes, castToText } from './binary-types.ts';

/** A column plan, the Postgres SQL that brings it, and the DuckDB type it must arrive in. */
export interface ExtensionColumn extends ColumnPlan {
  select: string;
  arrives: string;
}

/** What the server says when it meets a value that the extension would change. */
export const unfitMark = 'beyond the extension';

/** `published`: a column that had to become text before comes as text again, with the way back that the native plan has. */
export function extensionColumns(
  columns: readonly SourceColumn[],
  native: readonly WireColumn[],
  published: readonly Column[] | null,
): ExtensionColumn[] {
  const before = new Map(published?.map((column) => [column.name, column.type]));
  return native.map((wire, index) => {
    const column = columns[index]!;
    const rule = binaryRule(column);
    const { select, escaped: _, ...plan } = wire;
    const settled = before.get(wire.name) ?? wire.type;
    if (rule === null || rule.type !== wire.type || settled !== wire.type)
      return { ...plan, select: asText(column, select), arrives: 'VARCHAR' };
    const { name, sourceType } = plan;
    return {
      name,
      sourceType,
      wire: plan.wire,
      type: rule.type,
      expression: rule.expression ?? '$',
      select: guarded(rule, column.name),
      arrives: rule.type,
    };
  });
}

function binaryRule({ base, baseSchema, baseKind, dimensions, modifier }: SourceColumn): BinaryRule | null {
  if (baseSchema !== 'pg_catalog' || baseKind !== 'b' || dimensions > 0) return null;
  if (base !== 'numeric') return binaryTypes[base] ?? null;
  if (modifier === -1) return null;
  const [precision, scale] = [precisionOf(modifier), scaleOf(modifier)];
  return precision <= 38 && scale >= 0 && scale <= precision ? binaryDecimal(precision, scale) : null;
}

/** A value that the extension would change ends the statement instead. The text is made of the value, or the planner would end it for its constant. */
function guarded({ castable, unfit }: BinaryRule, name: string): string {
  const value = `CAST(${identifier(name)} AS ${castable})`;
  if (unfit === undefined) return value;
  const failure = `CAST(left(${identifier(name)}::text, 0) || '${unfitMark}' AS ${castable})`;
  return `CASE WHEN ${unfit.replaceAll('$', () => value)} THEN ${failure} ELSE ${value} END`;
}

/** The text that COPY would print: the type's own output, which a cast to text is not for every type. */
function asText({ base, baseSchema, dimensions }: SourceColumn, select: string): string {
  const isJson = dimensions > 0 || select.startsWith('to_json(');
  if (isJson || (baseSchema === 'pg_catalog' && castToText.includes(base))) return `CAST(${select} AS text)`;
  return `CASE WHEN ${select} IS NOT NULL THEN format('%s', ${select}) END`;
}
