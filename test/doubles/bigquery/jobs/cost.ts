/** What a statement costs: the bytes of the columns it reads, in the partitions its conditions leave. */
import { isPartitioned, partitionBoundsSql, partitionColumn, unpartitioned } from '../data/partitions.ts';
import { tablePath } from '../data/table.ts';
import type { PartitionSize } from '../data/table-sizes.ts';
import type { Warehouse } from '../data/warehouse.ts';
import { text } from '../model/quote.ts';
import { invalidQuery } from '../rest/service-error.ts';
import type { Statement, TableRead } from '../sql/compiled.ts';

export interface Cost {
  /** What a dry run says. */
  estimatedBytes: number;
  accuracy: 'PRECISE' | 'UPPER_BOUND' | 'LOWER_BOUND';
  /** What the run reads; more than the estimate for external tables. */
  processedBytes: number;
  /** Whole megabytes for each table read, ten at least. */
  billedBytes: number;
  partitionsRead: number;
}

const megabyte = 1024 * 1024;
const leastBilled = 10 * megabyte;

export async function costOf(statement: Statement): Promise<Cost> {
  const cost: Cost = { estimatedBytes: 0, accuracy: 'PRECISE', processedBytes: 0, billedBytes: 0, partitionsRead: 0 };
  for (const read of statement.reads) {
    requireFilter(read);
    const partitions = await partitionsRead(statement.warehouse, read);
    const bytes = readBytes(partitions, read.columns);
    const external = read.table.kind === 'EXTERNAL';
    cost.estimatedBytes += external ? 0 : bytes;
    cost.processedBytes += bytes;
    cost.billedBytes += billed(bytes);
    cost.partitionsRead += partitions.length;
    if (external) cost.accuracy = 'LOWER_BOUND';
    else if (read.table.clustering.length > 0 && cost.accuracy === 'PRECISE') cost.accuracy = 'UPPER_BOUND';
  }
  const metadata = statement.metadataReads * leastBilled;
  cost.estimatedBytes += metadata;
  cost.processedBytes += metadata;
  cost.billedBytes += metadata;
  return cost;
}

export function requireFilter(read: TableRead): void {
  if (!read.table.requirePartitionFilter || read.prune || read.namesHiveKey) return;
  const columns = read.table.hiveKeys ?? [partitionColumn(read.table)?.name];
  throw invalidQuery(
    `Cannot query over table '${tablePath(read.table)}' without a filter over column(s) ${columns.map((name) => `'${name}'`).join(', ')} that can be used for partition elimination`,
  );
}

/** The partitions whose bounds meet the statement's conditions; the streaming buffer is always read. */
export async function partitionsRead(warehouse: Warehouse, read: TableRead): Promise<PartitionSize[]> {
  const all = await warehouse.sizes.of(read.table, read.version);
  if (!read.prune || !isPartitioned(read.table) || all.length === 0) return all;
  const { low, high } = partitionBoundsSql(read.table, '__part');
  const ids = all.map((p) => `(${text(p.id ?? '')})`).join(', ');
  const left = await warehouse.duck.rows(
    `SELECT __part FROM (SELECT __part, ${low} AS __low, ${high} AS __high FROM (VALUES ${ids}) p(__part)) b
     WHERE __part = '${unpartitioned}' OR (${read.prune})`,
  );
  const survivors = new Set(left.map((row) => row.__part as string));
  return all.filter((p) => survivors.has(p.id ?? ''));
}

function readBytes(partitions: PartitionSize[], columns: Set<string>): number {
  return partitions.reduce((sum, p) => sum + [...columns].reduce((n, c) => n + (p.columnBytes.get(c) ?? 0), 0), 0);
}

function billed(bytes: number): number {
  if (bytes === 0) return 0;
  return Math.max(leastBilled, Math.ceil(bytes / megabyte) * megabyte);
}
