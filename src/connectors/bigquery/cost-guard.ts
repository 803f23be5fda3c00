/** Keeps reads within the byte budgets of a table, a run and a day. What it cannot know it does not allow. */
import { AttacheError } from '../../errors/attache-error.ts';
import { sizeText } from '../byte-size.ts';
import type { Ledger } from './ledger.ts';
import { capsOf, type Settings } from './settings.ts';

/** How much a read will scan. */
export interface Estimate {
  bytes: number;
  /** The read may scan more than `bytes`; only the service's own cap bounds it. */
  open: boolean;
  /** Tables the read names: each is billed with a minimum. */
  tables: number;
  way: 'query' | 'storage';
}

/** Bytes set aside for a read that is about to begin. */
interface Allowance {
  /** The most the read may be billed. */
  bytes: number;
  /** Says what it was billed in truth; called once it has ended. */
  settle(billed: number): Promise<void>;
}

export interface CostGuard {
  /** Refuses a read whose estimate passes a budget. */
  foresee(table: string, estimate: Estimate): Promise<void>;
  /** Sets bytes aside for a read, durably, or refuses it. */
  allow(table: string, estimate: Estimate): Promise<Allowance>;
}

const megabyte = 1024 * 1024;
/** What BigQuery bills a query at least for each table it reads. */
const leastBilled = 10 * megabyte;
/** Data may grow between the estimate and the query. */
const slack = 1.25;

export function costGuard(settings: Settings, ledger: Ledger): CostGuard {
  const caps = capsOf(settings);
  let spentInRun = 0;
  const spentOn = new Map<string, number>();
  const spend = (table: string, bytes: number) => {
    spentInRun += bytes;
    spentOn.set(table, (spentOn.get(table) ?? 0) + bytes);
  };
  let turn: Promise<unknown> = Promise.resolve();
  /** The most `table` may read now; refuses what passes it. */
  const roomFor = async (table: string, estimate: Estimate): Promise<number> => {
    const rooms = [
      { setting: 'max_bytes_per_table', cap: caps.table, left: caps.table - (spentOn.get(table) ?? 0) },
      { setting: 'max_bytes_per_run', cap: caps.run, left: caps.run - spentInRun },
      { setting: 'max_bytes_per_day', cap: caps.day, left: caps.day - (await ledger.bytesToday()) },
    ];
    for (const { setting, cap, left } of rooms)
      if (billedBytes(estimate) > left || left <= 0) throw overCap(settings, table, estimate, setting, cap, left);
    return Math.floor(Math.min(...rooms.map(({ left }) => left)));
  };
  const setAside = async (table: string, estimate: Estimate): Promise<Allowance> => {
    const most = await roomFor(table, estimate);
    const wanted = estimate.way === 'storage' ? estimate.bytes : billedBytes(estimate) * slack + leastBilled;
    const bytes = estimate.open ? most : Math.min(most, Math.ceil(wanted));
    if (!(await ledger.take(bytes, caps.day)))
      throw overCap(settings, table, estimate, 'max_bytes_per_day', caps.day, caps.day - (await ledger.bytesToday()));
    spend(table, bytes);
    let settled = false;
    return {
      bytes,
      settle: async (billed) => {
        if (settled) return;
        settled = true;
        spend(table, billed - bytes);
        await ledger.add(billed - bytes);
      },
    };
  };
  return {
    foresee: async (table, estimate) => {
      await roomFor(table, estimate);
    },
    // One after the other: two reads must not be given the same room.
    allow: (table, estimate) => {
      const allowance = turn.then(() => setAside(table, estimate));
      turn = allowance.catch(() => {});
      return allowance;
    },
  };
}

/** Whole megabytes, ten at least for each table. */
function billedBytes({ bytes, tables, way }: Estimate): number {
  if (way === 'storage' || bytes === 0) return bytes;
  return Math.max(Math.ceil(bytes / megabyte) * megabyte, leastBilled * Math.max(1, tables));
}

/** A sentence with bytes and money. */
export function priceText(settings: Settings, estimate: Estimate): string {
  const { price_per_tib, storage_price_per_tib } = settings;
  const price = estimate.way === 'storage' ? storage_price_per_tib : price_per_tib;
  const money = (billedBytes(estimate) / 2 ** 40) * price;
  const amount = money > 0 && money < 0.01 ? 'less than $0.01' : `$${money.toFixed(2)}`;
  const by = estimate.way === 'storage' ? 'by Storage Read' : 'by a query';
  if (estimate.open && estimate.bytes === 0) return `reads an unknown number of bytes ${by}`;
  const billed = sizeText(billedBytes(estimate));
  const least = billed === sizeText(estimate.bytes) ? '' : `, billed as ${billed}`;
  return `reads ${estimate.open ? 'at least ' : ''}${sizeText(estimate.bytes)} ${by}${least}, ${amount} at $${price} for each TiB`;
}

function overCap(
  settings: Settings,
  table: string,
  estimate: Estimate,
  setting: string,
  cap: number,
  left: number,
): AttacheError {
  const used = left < cap ? `, of which ${sizeText(Math.max(0, left))} are left` : '';
  return new AttacheError('over_cap', {
    message: `${table} ${priceText(settings, estimate)}; ${setting} allows ${sizeText(cap)}${used}. Nothing was read.`,
    hint: `Raise ${setting} of the source, or narrow the table with options.columns, options.where, a cursor or partitions.`,
  });
}
