/** One line of a table of faults: what goes wrong, and the one way in which that ends. */
import { expect } from 'vitest';
import type { TableRequest } from '../../../src/connectors/table-request.ts';
import type { FaultAction, Method } from '../../doubles/bigquery/control/faults.ts';
import type { Lab } from './lab.ts';

type Outcome = 'retried' | 'fell back' | 'failed and kept data' | 'as it was at the look';

export interface Case {
  fault(lab: Lab): void;
  outcome: Outcome;
  /** Of a failure. */
  code?: string;
  /** Of the message, the hint or a note. */
  says?: RegExp;
  settings?: Record<string, unknown>;
  table?: Partial<TableRequest>;
}

export const forEver = 1_000;

/** A fault of one call, or of many from the `nth` on. */
export const on =
  (method: Method, action: FaultAction, { nth = 1, times = 1 } = {}) =>
  (lab: Lab) =>
    lab.control.fault({ on: method, do: action, nth, times });

/** Rows before and after: several pages by REST, or several messages by Storage Read. */
export type Sizes = readonly [before: number, after: number];

const rowsFrom = (first: number, last: number) =>
  `SELECT i AS id, 'n' || i AS name FROM range(${first}, ${last + 1}) r(i)`;

/** Whole and right: how many rows, how many different ones, the last, and whether each has its own name. */
const summary = `SELECT count(*)::INTEGER AS rows, count(DISTINCT id)::INTEGER AS ids, max(id)::INTEGER AS last, bool_and(name = 'n' || id) AS named FROM t`;
const wholeOf = (rows: number) => [{ rows, ids: rows, last: rows, named: true }];

/** Publishes rows, lets more come, breaks something, and looks at what is published then. */
export async function prove(
  lab: Lab,
  given: Case,
  settings: Record<string, unknown>,
  [before, after]: Sizes = [3, 5],
): Promise<void> {
  const { control } = lab;
  await lab.startOver();
  control.clearFaults();
  await control.drop('lab.d.orders').catch(() => {});
  const schema = [
    { name: 'id', type: 'INT64' },
    { name: 'name', type: 'STRING' },
  ];
  await control.table({ project: 'lab', dataset: 'd', table: 'orders', schema, fromDuck: rowsFrom(1, before) });
  const all = { ...settings, stall_timeout_seconds: 1, ...given.settings };
  const table = lab.table('orders', { primary_key: ['id'], ...given.table });
  expect(await lab.sync(table, settings)).toMatchObject({ status: 'succeeded', rows: before });
  await control.insertFromDuck('lab.d.orders', rowsFrom(before + 1, after));
  // The look must be later than the change, whose clock ticks in milliseconds.
  await new Promise((resolve) => setTimeout(resolve, 5));
  given.fault(lab);
  const met = control.faultsMet();
  const report = await lab.extract([table], all);
  const [result] = report.tables;
  expect(control.faultsMet()).toBeGreaterThan(met);
  const said = `${result!.error?.message} ${result!.error?.hint} ${report.notes.join(' ')}`;
  if (given.says !== undefined) expect(said).toMatch(given.says);
  if (given.outcome === 'failed and kept data') {
    expect(result).toMatchObject({ status: 'failed', rows: before, error: { code: given.code } });
    expect(result!.error?.hint).toMatch(/\S{3}/);
    expect((await lab.published('orders', summary)).rows).toEqual(wholeOf(before));
  } else {
    expect(result).toMatchObject({ status: 'succeeded', rows: after, error: null });
    expect((await lab.published('orders', summary)).rows).toEqual(wholeOf(after));
    const fellBack = report.notes.filter((note) => note.includes('Storage Read API may not be used')).length;
    expect(fellBack).toBe(given.outcome === 'fell back' ? 1 : 0);
  }
  expect(control.runningJobs()).toEqual([]);
  expect(control.violations()).toEqual([]);
}
