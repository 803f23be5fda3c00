/** What the detail of a table says, in the words of this project. */
import { AttacheError } from '../../errors/attache-error.ts';
import type { TableRequest } from '../table-request.ts';
import type { TableAnswer } from './api/shapes.ts';
import type { StorageClient } from './api/storage-client.ts';
import { type DeclaredType, declaredTypes } from './types/declared-types.ts';

export interface SourceColumn {
  name: string;
  declared: DeclaredType | null;
  nullable: boolean;
  canBeFiltered: boolean;
}

export interface SourceTable {
  /** e.g. `in.c-main.orders` */
  id: string;
  columns: SourceColumn[];
  primaryKey: string[];
  isTyped: boolean;
  isAlias: boolean;
  isExternal: boolean;
  isLinked: boolean;
  backend: string | null;
  /** Whether the service keeps the time at which each row was imported. */
  keepsImportTimes: boolean;
  lastImportDate: string | null;
  lastChangeDate: string | null;
  rows: number | null;
  bytes: number | null;
  description: string | null;
}

export async function describeTable(client: StorageClient, table: TableRequest): Promise<SourceTable> {
  return sourceTableOf(await client.table(tableIdOf(table)));
}

/** The service's id of a registered table; the bucket may stand in `bucket` or at the beginning of `source_table`. */
function tableIdOf({ id, bucket, source_table }: TableRequest): string {
  const isWhole = /^(in|out|sys)\.[^.]+\..+$/.test(source_table);
  if (isWhole && (bucket === null || source_table.startsWith(`${bucket}.`))) return source_table;
  if (bucket !== null) return `${bucket}.${source_table}`;
  throw new AttacheError('options_invalid', {
    message: `The table ${id} names ${JSON.stringify(source_table)} without a bucket.`,
    hint: 'Give the bucket, e.g. in.c-main, or the whole name, e.g. in.c-main.orders.',
  });
}

export function sourceTableOf(answer: TableAnswer): SourceTable {
  const types = declaredTypes(answer);
  const isExternal = answer.tableType != null && answer.tableType !== 'table';
  const isAlias = answer.isAlias === true;
  const isLinked = answer.bucket?.isLinkedBucket === true;
  return {
    id: answer.id,
    columns: columnNames(answer).map((name) => ({
      name,
      declared: types.get(name)?.type ?? null,
      nullable: types.get(name)?.nullable ?? true,
      canBeFiltered: types.get(name)?.canBeFiltered ?? true,
    })),
    primaryKey: answer.primaryKey ?? [],
    isTyped: answer.isTyped === true,
    isAlias,
    isExternal,
    isLinked,
    backend: answer.bucket?.backend ?? null,
    keepsImportTimes: answer.timestampType !== 'NONE' && !isExternal && !isAlias && !isLinked,
    lastImportDate: answer.lastImportDate ?? null,
    lastChangeDate: answer.lastChangeDate ?? null,
    rows: answer.rowsCount,
    bytes: answer.dataSizeBytes,
    description: answer.metadata?.find(({ key }) => key === 'KBC.description')?.value || null,
  };
}

function columnNames({ columns, definition }: TableAnswer): string[] {
  return columns ?? definition?.columns?.map(({ name }) => name) ?? [];
}

/** Whether dates and counts of the detail are those of the rows; what only points at rows elsewhere may not follow them. */
export function tellsOfItself({ isAlias, isExternal, isLinked }: SourceTable): boolean {
  return !isAlias && !isExternal && !isLinked;
}
