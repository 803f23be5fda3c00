/** The running state stands aside while a replay builds its successor; a replay that is cut off leaves everything as it was. */
import { rename, rm, stat } from 'node:fs/promises';
import type { ReceiveFolder } from './receive-folder.ts';
import type { ReplayReport } from './shapes.ts';

export type TableHashes = ReadonlyMap<string, { rows: number; hash: string }>;

const asideOf = ({ state }: ReceiveFolder): string => `${state}.before`;

/** The state must be closed. */
export async function beginReplay(folder: ReceiveFolder): Promise<void> {
  await rename(folder.state, asideOf(folder));
}

/** Puts the earlier state back, where one stands aside; the one being built must be closed. */
export async function undoReplay(folder: ReceiveFolder): Promise<void> {
  const aside = asideOf(folder);
  const isThere = await stat(aside).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  // Its own log would be taken for the other's.
  for (const path of [folder.state, `${folder.state}.wal`, folder.building]) await rm(path, { force: true });
  await rename(aside, folder.state);
}

export async function endReplay(folder: ReceiveFolder): Promise<void> {
  await rm(asideOf(folder), { force: true });
}

export function compareTables(before: TableHashes, after: TableHashes): ReplayReport {
  const tables = [...after].map(([table, { rows, hash }]) => ({
    table,
    rows,
    before: before.get(table)?.hash ?? '',
    after: hash,
  }));
  return { equal: tables.every((table) => table.before === table.after), tables };
}
