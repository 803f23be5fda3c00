/** Reads with exact columns: values that do not fit their type widen the column, at last to text, counted and said; nothing becomes NULL silently. */
import type { ColumnPlan, ReadPlan } from '../connectors/read-way.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { LossyColumns, withColumnsAsBefore, withUniqueNames, withWiderColumns } from './columns.ts';
import type { Run } from './run.ts';
import type { Before } from './table-before.ts';

/** Runs `read` with the plan's columns, again with wider ones as long as it throws `LossyColumns`. Each turn widens a column, so it ends. */
export async function withExactColumns<T>(
  run: Run,
  plan: ReadPlan,
  before: Before,
  read: (columns: readonly ColumnPlan[], warnings: string[]) => Promise<T>,
): Promise<T> {
  const named = withUniqueNames(plan.columns);
  const kept = withColumnsAsBefore(named.columns, before.state === null || run.request.full ? null : before.columns);
  let columns = kept.columns;
  // A column that is widened twice is told of once.
  const widened = new Map<number, string>();
  for (;;) {
    try {
      return await read(columns, [...(plan.warnings ?? []), ...named.warnings, ...kept.warnings, ...widened.values()]);
    } catch (thrown) {
      if (!(thrown instanceof LossyColumns)) throw thrown;
      checkWidens(columns, thrown);
      const wider = withWiderColumns(columns, thrown);
      columns = wider.columns;
      for (const [index, warning] of wider.warnings) widened.set(index, warning);
    }
  }
}

/** Else the same read would fail in the same way for ever. */
function checkWidens(columns: readonly ColumnPlan[], { counts }: LossyColumns): void {
  const places = [...counts.keys()];
  if (places.length > 0 && places.every((index) => columns[index]?.lossy !== undefined)) return;
  const names = places.map((index) => columns[index]?.name ?? `number ${index}`).join(', ');
  throw new AttacheError('internal', {
    message: `Values do not fit their columns (${names || 'none is named'}), and no wider type is known.`,
    hint: 'The table keeps its data. Please report this with the types of its columns.',
  });
}
