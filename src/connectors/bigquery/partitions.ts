/** The partitions of a table with a value each that changes with their rows, so that only changed ones are read again. */
import { createHash } from 'node:crypto';
import type { TableRequest } from '../table-request.ts';
import { describeTable, isStored, type SourceTable } from './describe-table.ts';
import { dryRun } from './dry-run.ts';
import { tablePath, text } from './google-sql.ts';
import type { Look } from './look.ts';
import type { Options } from './options.ts';
import { runJob } from './query-job.ts';
import { smallResult } from './small-result.ts';
import { dotted, tableNameOf } from './table-name.ts';

interface Partition {
  id: string;
  rows: string;
  /** Microseconds since 1970. */
  modified: string;
}

/** Digits of a partition's id that name the value of a granularity: `20240229` is in the month `202402`. */
const digits = { year: 4, month: 6, day: 8 } as const;
const unitDigits = { YEAR: 4, MONTH: 6, DAY: 8, HOUR: 10 } as const;

/** Null where BigQuery's partitions are not those of the registration, or do not hold all rows. */
export async function listPartitions(
  look: Look,
  table: TableRequest,
): Promise<{ value: string | null; fingerprint: string }[] | null> {
  const { granularity = 'month', partition_by } = table.options;
  if (granularity === 'hash' || (table.options as Options).sql !== undefined) return null;
  const source = await describeTable(look.rest, tableNameOf(look.settings, table));
  const { partitioning } = source;
  if (!isStored(source) || source.streaming || partitioning?.by !== 'time' || partitioning.field !== partition_by)
    return null;
  if (unitDigits[partitioning.unit] < digits[granularity]) return null;
  const found = await askPartitions(look, table, source);
  if (found.some(({ id, rows }) => id === '__UNPARTITIONED__' && rows !== '0')) return null;
  return grouped(found, digits[granularity], look.readTime);
}

/** Several partitions of BigQuery may be one of ours. Pure. */
function grouped(
  found: readonly Partition[],
  length: number,
  readTime: bigint,
): { value: string | null; fingerprint: string }[] {
  const groups = new Map<string | null, string[]>();
  for (const { id, rows, modified } of found) {
    if (rows === '0') continue;
    const value = id === '__NULL__' ? null : partitionName(id.slice(0, length));
    // Changed after the moment that is read: what is read now is not what the time says.
    const fact =
      BigInt(modified) >= readTime ? `${id}:${modified}:later than ${readTime}` : `${id}:${modified}:${rows}`;
    groups.set(value, [...(groups.get(value) ?? []), fact]);
  }
  return [...groups].map(([value, facts]) => ({
    value,
    fingerprint: createHash('sha256').update(facts.sort().join('\n')).digest('hex').slice(0, 32),
  }));
}

/** `20240229` as `2024-02-29`. */
function partitionName(id: string): string {
  return [id.slice(0, 4), id.slice(4, 6), id.slice(6, 8)].filter((part) => part !== '').join('-');
}

async function askPartitions(look: Look, table: TableRequest, source: SourceTable): Promise<Partition[]> {
  const { rest } = look;
  const { project, dataset, table: name } = source.name;
  const doing = `listing the partitions of ${dotted(source.name)}`;
  const view = tablePath({ project, dataset, table: 'INFORMATION_SCHEMA.PARTITIONS' });
  const sql = `SELECT partition_id, CAST(total_rows AS STRING) AS total_rows, CAST(UNIX_MICROS(last_modified_time) AS STRING) AS modified FROM ${view} WHERE table_name = ${text(name)} AND partition_id IS NOT NULL ORDER BY partition_id`;
  const { estimate, location } = await dryRun(rest, { sql, location: source.location }, doing);
  const job = await runJob(look, {
    text: { sql, location },
    estimate,
    table: table.id,
    source: look.source,
    doing,
    signal: rest.signal,
  });
  const rows = await smallResult(rest, job.reference, doing);
  return rows.map(([id, count, modified]) => ({ id: id ?? '', rows: count ?? '0', modified: modified ?? '0' }));
}
