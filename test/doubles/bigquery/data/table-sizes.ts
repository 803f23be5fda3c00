/** Rows and logical bytes of a table by partition and column, computed once for each version of its rows. */
import { byteSize } from '../model/byte-sizes.ts';
import { ident } from '../model/quote.ts';
import type { Duck } from './duck.ts';
import { aliveAt, physicalName, type Table } from './table.ts';

export interface PartitionSize {
  id: string | null;
  rows: number;
  /** By column name in lower case. */
  columnBytes: Map<string, number>;
  bytes: number;
  /** Microseconds. */
  lastChange: number;
}

export interface TableSizes {
  of(table: Table, version: number): Promise<PartitionSize[]>;
}

export function measureTables(duck: Duck): TableSizes {
  const known = new WeakMap<Table, Map<number, Promise<PartitionSize[]>>>();
  return {
    of: (table, version) => {
      const versions = known.get(table) ?? new Map<number, Promise<PartitionSize[]>>();
      known.set(table, versions);
      const measured = versions.get(version) ?? measure(duck, table, version);
      versions.set(version, measured);
      return measured;
    },
  };
}

async function measure(duck: Duck, table: Table, version: number): Promise<PartitionSize[]> {
  const alive = `FILTER (WHERE ${aliveAt(version)})`;
  const columns = table.fields.map(
    (f, i) => `, CAST(sum(${byteSize(ident(f.name), f.type)}) ${alive} AS DOUBLE) AS c${i}`,
  );
  // Deleted rows count as changes of their partition, which is why they are read too.
  const found = await duck.rows(
    `SELECT __part AS part, CAST(count(*) ${alive} AS DOUBLE) AS n,
            CAST(max(CASE WHEN __to <= ${version} THEN __to ELSE __from END) AS DOUBLE) AS changed ${columns.join('')}
     FROM ${physicalName(table)} WHERE __from <= ${version} GROUP BY __part HAVING n > 0 ORDER BY part`,
  );
  return found.map((row) => {
    const columnBytes = new Map(table.fields.map((f, i) => [f.name.toLowerCase(), Number(row[`c${i}`] ?? 0)]));
    return {
      id: row.part as string | null,
      rows: Number(row.n),
      columnBytes,
      bytes: [...columnBytes.values()].reduce((sum, n) => sum + n, 0),
      lastChange: Number(row.changed),
    };
  });
}
