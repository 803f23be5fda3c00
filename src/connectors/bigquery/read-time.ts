/** Whether a table can be read as it was at the moment of the look. */
import type { SourceTable } from './describe-table.ts';

/** A table younger than the look cannot be asked for its past. Moments are microseconds since 1970. */
export function readsPast(readTime: bigint, source: Pick<SourceTable, 'createdMs'>): boolean {
  return BigInt(source.createdMs + 1) * 1000n <= readTime;
}
