/** The changes of a batch brought together by row: of each group the newest, of each register the greatest. Pure, and the order of the changes does not matter. */
import { hash } from 'node:crypto';
import type { ReceivedChange, ReceivedValue } from '../../connectors/receive-way.ts';
import { keyText } from './state-table.ts';

export interface StagedRow {
  key: readonly string[];
  groups: Map<string, { version: string; row: Record<string, ReceivedValue> }>;
  seen: number | null;
  gone: number | null;
  alive: number | null;
}

export interface Reduced {
  /** By table, then by key. */
  rows: Map<string, Map<string, StagedRow>>;
  /** By table, then by parent: when all its rows were shown. */
  complete: Map<string, Map<string, number>>;
}

/** Digits of the hash that ends every version. */
export const hashDigits = 16;

export function reduceChanges(changes: Iterable<ReceivedChange>): Reduced {
  const reduced: Reduced = { rows: new Map(), complete: new Map() };
  for (const change of changes) {
    if (change.kind === 'complete') {
      const parents = inside(reduced.complete, change.table);
      parents.set(change.parent, Math.max(parents.get(change.parent) ?? 0, change.at));
      continue;
    }
    const staged = rowOf(inside(reduced.rows, change.table), change.key);
    if (change.kind === 'gone') staged.gone = greater(staged.gone, change.at);
    else if (change.kind === 'alive') {
      staged.alive = greater(staged.alive, change.at);
      staged.seen = greater(staged.seen, change.at);
    } else takeRow(staged, change);
  }
  return reduced;
}

function takeRow(staged: StagedRow, change: Extract<ReceivedChange, { kind: 'row' }>): void {
  staged.seen = greater(staged.seen, change.seen);
  const group = change.group ?? 'main';
  // Two different rows of one version need an order too, and arrival is not one.
  const version = `${change.version}#${hash('sha1', JSON.stringify(change.row)).slice(0, hashDigits)}`;
  const before = staged.groups.get(group);
  if (before === undefined || version > before.version) staged.groups.set(group, { version, row: change.row });
}

function rowOf(rows: Map<string, StagedRow>, key: readonly string[]): StagedRow {
  const text = keyText(key);
  let staged = rows.get(text);
  if (staged === undefined) {
    staged = { key, groups: new Map(), seen: null, gone: null, alive: null };
    rows.set(text, staged);
  }
  return staged;
}

function inside<Value>(maps: Map<string, Map<string, Value>>, name: string): Map<string, Value> {
  let found = maps.get(name);
  if (found === undefined) {
    found = new Map();
    maps.set(name, found);
  }
  return found;
}

function greater(a: number | null, b: number): number {
  return a === null || b > a ? b : a;
}
