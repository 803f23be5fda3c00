/** Whether a table may be read by the extension: only where it is small and the extension keeps every value. Pure. */
import type { TableRequest } from '../../table-request.ts';
import { type SourceColumn, type SourceTable, tellsOfItself } from '../describe-table.ts';
import { optionsOf } from '../options.ts';
import type { Settings } from '../settings.ts';

/** `reason` is why not, for people; null where HTTP is simply what was asked for. */
export type ChosenPath = { path: 'extension' } | { path: 'http'; reason: string | null };

const largestBytes = 64 * 1024 * 1024;
const widestWhole = 18;

export function choosePath(
  table: TableRequest,
  source: SourceTable,
  columns: readonly SourceColumn[],
  { path: ofSource, limits }: Pick<Settings, 'path' | 'limits'>,
): ChosenPath {
  const asked = optionsOf(table).path ?? ofSource;
  if (asked === 'http') return { path: 'http', reason: null };
  const reason = whyNot(table, source, columns) ?? (asked === 'auto' ? whyTooLarge(source, limits) : null);
  if (reason === null) return { path: 'extension' };
  return { path: 'http', reason: asked === 'extension' ? reason : null };
}

function whyNot(table: TableRequest, source: SourceTable, columns: readonly SourceColumn[]): string | null {
  if (table.sync_strategy !== 'full_refresh') return `the extension reads whole tables, not ${table.sync_strategy}`;
  if (table.options.where !== undefined) return 'the extension does not keep to conditions';
  if (!tellsOfItself(source)) return 'the extension reads no aliases, linked or external tables exactly';
  if (source.rows === null) return 'the number of its rows is not known, so a read by the extension cannot be checked';
  const lost = columns.find((column) => !isExact(column, source));
  return lost === undefined
    ? null
    : `the extension does not keep every value of the column ${lost.name} (${lost.declared?.name})`;
}

function whyTooLarge({ rows, bytes }: SourceTable, limits: Settings['limits']): string | null {
  if ((rows ?? 0) > limits.extension_rows) return 'it has too many rows for the extension';
  return (bytes ?? 0) > largestBytes ? 'it is too large for the extension' : null;
}

const texts = new Set(['VARCHAR', 'STRING', 'TEXT', 'CHAR', 'CHARACTER', 'NVARCHAR']);
const exactWhenTyped = new Set(['DATE', 'BOOLEAN', 'TIMESTAMP_NTZ']);

/** The extension turns claims into values with silent NULLs, large numbers as well, and decimals into doubles. */
function isExact({ declared }: SourceColumn, { isTyped }: SourceTable): boolean {
  if (declared === null || texts.has(declared.name)) return true;
  if (!isTyped || declared.isClaim) return false;
  if (exactWhenTyped.has(declared.name)) return true;
  const [, precision, scale] = /^(\d+)(?:,(\d+))?$/.exec(declared.length ?? '') ?? [];
  const isWhole = ['NUMBER', 'NUMERIC', 'DECIMAL'].includes(declared.name) && Number(scale ?? 0) === 0;
  return isWhole && precision !== undefined && Number(precision) <= widestWhole;
}
