/** What the steps of a strategy share. Types only. */
import type { ColumnPlan } from '../../connectors/read-way.ts';
import type { TableRequest } from '../../connectors/table-request.ts';
import type { Loaded } from '../loaded.ts';
import type { Run } from '../run.ts';
import type { Before } from '../table-before.ts';

/** What the layouts answer: the parts, and how many rows they hold together. */
export type LaidOut = Pick<Loaded, 'parts' | 'pieces'> & { rows: number };

/** Everything a strategy step needs of the table it works on. */
export interface TableWork {
  run: Run;
  table: TableRequest;
  before: Before;
  columns: readonly ColumnPlan[];
  rowGroupRows: number;
}
