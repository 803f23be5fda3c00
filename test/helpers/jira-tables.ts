/** Published Jira tables beside the site's own truth, in one form, so that two of them can be compared row by row. */

import { expect } from 'vitest';
import { identifier } from '../../src/duckdb/quote.ts';
import {
  lookedUpColumns,
  type Row,
  type RunningJiraSite,
  restOnly,
  type TableName,
  tableKeys,
} from '../doubles/jira-site/index.ts';
import { lookAtPublished } from './pushed-source.ts';

export type Tables = Record<string, Row[]>;

/** What no webhook tells truly: looked-up names, and what only REST shows. */
const untold: Readonly<Record<string, readonly string[]>> = {
  ...restOnly.columns,
  users: ['email'],
  versions: ['archived'],
};

export interface Comparison {
  /** Only what webhooks tell. */
  bodiesOnly: boolean;
}

export function truthOf(tables: Readonly<Record<TableName, readonly Row[]>>, { bodiesOnly }: Comparison): Tables {
  return Object.fromEntries(
    namesOf(bodiesOnly).map((name) => [
      name,
      sorted(
        name,
        tables[name].map((row) => kept(name, row, bodiesOnly)),
      ),
    ]),
  );
}

export function toldBy(
  dataDirectory: string,
  source: string,
  truth: Readonly<Record<TableName, readonly Row[]>>,
  { bodiesOnly }: Comparison,
): Promise<Tables> {
  return lookAtPublished(dataDirectory, source, async (query) => {
    const tables: Tables = {};
    for (const name of namesOf(bodiesOnly)) {
      const columns = await query<{ column_name: string; column_type: string }>(
        `SELECT column_name, column_type FROM (DESCRIBE ${identifier(`jira_${name}`)})`,
      );
      const wanted = columnsOf(truth, name) ?? columns.map((column) => column.column_name);
      const select = columns
        .filter(({ column_name }) => wanted.includes(column_name))
        .map(
          ({ column_name, column_type }) =>
            `${asPlain(identifier(column_name), column_type)} AS ${identifier(column_name)}`,
        );
      const rows = await query<Row>(`SELECT ${select.join(', ')} FROM ${identifier(`jira_${name}`)}`);
      tables[name] = sorted(
        name,
        rows.map((row) => kept(name, row, bodiesOnly)),
      );
    }
    return tables;
  });
}

/** Compares table by table, so that a failure shows one of them. */
export function expectSame(told: Tables, wanted: Tables): void {
  for (const name of Object.keys(wanted)) expect({ [name]: told[name] }).toEqual({ [name]: wanted[name] });
}

function asPlain(column: string, type: string): string {
  if (type === 'TIMESTAMP') return `strftime(${column}, '%Y-%m-%d %H:%M:%S.%f')`;
  if (type === 'BIGINT') return `${column}::DOUBLE`;
  return type === 'DATE' ? `${column}::VARCHAR` : column;
}

function namesOf(bodiesOnly: boolean): TableName[] {
  const only: readonly string[] = bodiesOnly ? restOnly.tables : [];
  return (Object.keys(tableKeys) as TableName[]).filter((name) => !only.includes(name));
}

function columnsOf(truth: Readonly<Record<TableName, readonly Row[]>>, name: TableName): string[] | undefined {
  const [first] = truth[name];
  return first === undefined ? undefined : Object.keys(first);
}

function kept(table: string, row: Row, bodiesOnly: boolean): Row {
  const dropped = [...lookedUpColumns, ...(bodiesOnly ? (untold[table] ?? []) : [])] as readonly string[];
  return Object.fromEntries(
    Object.entries(row)
      .filter(([name]) => !dropped.includes(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function sorted(name: string, rows: Row[]): Row[] {
  const sortKey = (row: Row) => tableKeys[name as TableName].map((column) => String(row[column])).join('\u0000');
  return rows.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

/** Everything published equals the site, what only asking shows included. `after` says what came before, where a test goes through several things. */
export async function expectSite(directory: string, { site }: RunningJiraSite, after?: string): Promise<Tables> {
  const truth = site.expectedTables();
  // Server names an epic by its key alone, so one that cannot be read, because its project is in the trash, has no id here.
  const seen = new Set(truth.issues.map((issue) => issue.issue_id));
  if (site.flavour === 'server')
    truth.issues = truth.issues.map((issue) => (seen.has(issue.epic_id ?? null) ? issue : { ...issue, epic_id: null }));
  const told = await toldBy(directory, 'jira', truth, { bodiesOnly: false });
  const wanted = truthOf(truth, { bodiesOnly: false });
  for (const name of Object.keys(wanted)) expect({ [name]: told[name] }, after).toEqual({ [name]: wanted[name] });
  return told;
}
