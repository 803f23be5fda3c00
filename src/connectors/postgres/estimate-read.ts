/** What a read may bring, as the server's planner sees it: also for tables that were never analysed, whose pages it counts. */
import { identifier } from '../../duckdb/quote.ts';
import type { Query } from './describe-table.ts';

/** `from` is the table with its conditions. */
export async function estimateRead(
  ask: Query,
  columns: readonly { name: string }[],
  from: string,
): Promise<{ rows: number | null; bytes: number | null }> {
  const list = columns.map(({ name }) => identifier(name)).join(', ');
  const [row] = await ask<{ 'QUERY PLAN': { Plan: { 'Plan Rows': number; 'Plan Width': number } }[] }>(
    `EXPLAIN (FORMAT JSON) SELECT ${list} FROM ${from}`,
  );
  const plan = row?.['QUERY PLAN'][0]?.Plan;
  if (plan === undefined) return { rows: null, bytes: null };
  return { rows: plan['Plan Rows'], bytes: plan['Plan Rows'] * plan['Plan Width'] };
}
