/** Computes the rows of a materialised view again. */
import { deleteRows, insertSelect } from '../data/change-rows.ts';
import type { Table } from '../data/table.ts';
import { analyze } from '../jobs/analyze.ts';
import type { Service } from '../service.ts';

export async function viewRows(service: Service, table: Table): Promise<void> {
  const { compiled } = await analyze(service, { query: table.query ?? '', project: table.project });
  await deleteRows(service.warehouse, table);
  await insertSelect(service.warehouse, table, compiled.sql);
}
