/** SQL that reads separated values with DuckDB's strict reader: every deviation is an error, nothing is guessed. Pure. */
import { fileLiteral, identifier, literal, literalList, structLiteral } from '../../duckdb/quote.ts';
import type { Contract } from './options.ts';
import { strictColumns, textColumn } from './text-types.ts';

/** A column of the table and where it stands in the file. */
export interface PlacedColumn {
  type: string;
  /** Position in the file; null when the file lacks it. */
  position: number | null;
}

interface ReadFacts {
  delimiter: string;
  quote: string;
  lineEnd: '\n' | '\r\n';
  header: boolean;
  nullValues: readonly string[];
  /** Names of all columns of the file, in its order. */
  names: readonly string[];
  /** Bytes of the longest line, where known. */
  longestLine?: number;
}

const usualLine = 2_000_000;

/** `read_csv` of a file with every column as text. */
export function readCsv(path: string, facts: ReadFacts): string {
  const long = facts.longestLine !== undefined && facts.longestLine > usualLine ? facts.longestLine + 1024 : null;
  const parameters = [
    'auto_detect = false',
    'hive_partitioning = false',
    `header = ${facts.header}`,
    `delim = ${literal(facts.delimiter)}`,
    `quote = ${literal(facts.quote)}`,
    `escape = ${literal(facts.quote)}`,
    `new_line = ${literal(facts.lineEnd === '\n' ? '\\n' : '\\r\\n')}`,
    `nullstr = ${literalList(['', ...facts.nullValues.filter((value) => value !== '')])}`,
    'allow_quoted_nulls = false',
    "compression = 'none'",
    // The buffer defaults to sixteen lines, which long lines make a gigabyte.
    ...(long === null ? [] : [`max_line_size = ${long}`, `buffer_size = ${2 * long}`]),
    `columns = ${structLiteral(facts.names.map((name) => [name, "'VARCHAR'"]))}`,
  ];
  return `read_csv(${fileLiteral(path)}, ${parameters.join(', ')})`;
}

/** The clean file that a careful reading writes: the line, then the cells. */
export function readRewritten(
  path: string,
  names: readonly string[],
  { rows, longestLine }: { rows: number; longestLine: number },
): string {
  const all = ['line', ...names];
  if (rows === 0)
    return `(SELECT ${all.map((name) => `CAST(NULL AS VARCHAR) AS ${identifier(name)}`).join(', ')} LIMIT 0)`;
  return readCsv(path, {
    delimiter: ',',
    quote: '"',
    lineEnd: '\n',
    header: false,
    nullValues: [],
    names: all,
    longestLine,
  });
}

/** Names for the columns of a file that no header can spoil. */
export function plainNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `c${index}`);
}

/** Name on the wire of the table's column at `index`. */
export function wireName(index: number): string {
  return `w${index}`;
}

/** The table's columns, typed, out of a relation of text columns `c0`, `c1`, …; a value that does not fit stops the scan. */
export function strictRelation(columns: readonly PlacedColumn[], contract: Contract, text: string): string {
  const present = columns.filter((column) => column.position !== null);
  const { values, guard } = strictColumns(
    present.map(({ type, position }) => ({ type, x: identifier(`c${position}`) })),
    contract,
  );
  const value = (column: PlacedColumn) => values[present.indexOf(column)] ?? `CAST(NULL AS ${column.type})`;
  const selected = columns.map((column, index) => `${value(column)} AS ${identifier(wireName(index))}`);
  return `(SELECT ${selected.join(', ')} FROM ${text} WHERE ${guard})`;
}

/** The same for rows that are known to fit. */
export function lenientColumns(columns: readonly PlacedColumn[], contract: Contract): string {
  return typedColumns(columns, (column, x) => textColumn(column.type, contract).lenient(x));
}

function typedColumns(columns: readonly PlacedColumn[], value: (column: PlacedColumn, x: string) => string): string {
  return columns
    .map((column, index) => {
      const sql =
        column.position === null ? `CAST(NULL AS ${column.type})` : value(column, identifier(`c${column.position}`));
      return `${sql} AS ${identifier(wireName(index))}`;
    })
    .join(', ');
}

/** A list of the indexes of the columns whose value does not fit. */
export function misfits(columns: readonly PlacedColumn[], contract: Contract): string {
  const checks = columns.flatMap((column, index) =>
    column.position === null || column.type === 'VARCHAR'
      ? []
      : [`CASE WHEN ${textColumn(column.type, contract).misfit(identifier(`c${column.position}`))} THEN ${index} END`],
  );
  return checks.length === 0 ? 'CAST([] AS INTEGER[])' : `list_filter([${checks.join(', ')}], lambda i: i IS NOT NULL)`;
}
