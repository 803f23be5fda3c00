/** Rows as an aligned table for people. */
import { printable } from '../printable.ts';

export interface TextColumn {
  title: string;
  align?: 'left' | 'right';
  /** Its cells are never cut; for the last column. */
  wide?: boolean;
}

const widest = 60;

/** The table with a line under its titles; cells that are too wide are cut with an ellipsis. */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell, index) => oneLine(cell, columns[index]?.wide ? Infinity : widest)));
  const widths = columns.map(({ title }, index) =>
    Math.max(width(title), ...cells.map((row) => width(row[index] ?? ''))),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => pad(cell, widths[index] as number, columns[index]?.align))
      .join('  ')
      .trimEnd();
  const ruler = widths.map((size) => '-'.repeat(size)).join('  ');
  return `${[line(columns.map((column) => column.title)), ruler, ...cells.map(line)].join('\n')}\n`;
}

function oneLine(text: string, most: number): string {
  const flat = printable(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
  return width(flat) > most ? `${[...flat].slice(0, most - 3).join('')}...` : flat;
}

function width(text: string): number {
  return [...text].length;
}

function pad(text: string, size: number, align: TextColumn['align'] = 'left'): string {
  const space = ' '.repeat(Math.max(0, size - width(text)));
  return align === 'right' ? space + text : text + space;
}
