/** Brings all slices of an exported file to disk, verified, and says what DuckDB can read. */
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { Postponed } from '../../postponed.ts';
import { FileCredentials } from '../clouds/credentials.ts';
import { MissingObject } from '../clouds/get-object.ts';
import type { Connection } from '../connection.ts';
import type { ExportedFile } from '../export-file.ts';
import { downloadSlice } from './download-slice.ts';
import { keepMark } from './keep-mark.ts';
import { listSlices, type SliceEntry } from './manifest.ts';
import type { SliceFacts } from './slice-check.ts';
import { roomFor } from './unpacking-room.ts';

export interface Slice extends SliceFacts {
  file: string;
}

const downloadsOfTable = 6;
/** Slices, what DuckDB spills, and the parts made of them. */
const spaceFactor = 2.5;

/** `folder` exists and is empty. Slices that hold nothing are left out. */
export async function bringSlices(
  connection: Connection,
  { id, detail }: ExportedFile,
  { folder, parquet, progress }: { folder: string; parquet: boolean; progress: (bytes: number) => void },
): Promise<Slice[]> {
  const { transport, endpoints, client, settings, downloads } = connection;
  const free = await freeBytes(folder);
  checkSpace(free, detail.sizeBytes);
  const room = roomFor({ packed: parquet ? null : detail.sizeBytes, free });
  const stop = new AbortController();
  const signal = AbortSignal.any([connection.signal, stop.signal]);
  const cloud = { transport, credentials: new FileCredentials(detail, endpoints, () => client.file(id)), signal };
  const entries = await listSlices(cloud, detail, settings.limits);
  const slot = pLimit(downloadsOfTable);
  const bring = (entry: SliceEntry, index: number) =>
    slot(() =>
      downloads(async (): Promise<Slice | null> => {
        signal.throwIfAborted();
        const file = join(folder, `${index}`);
        try {
          const task = { key: entry.key, file, parquet, room, limits: settings.limits, progress };
          const facts = await downloadSlice(cloud, task);
          await keepMark(file, facts);
          return { file, ...facts };
        } catch (thrown) {
          if (!entry.mandatory && thrown instanceof MissingObject) return null;
          stop.abort(thrown);
          throw thrown;
        }
      }),
    );
  const settled = await Promise.allSettled(entries.map(bring));
  connection.signal.throwIfAborted();
  if (stop.signal.aborted) throw stop.signal.reason;
  return settled.flatMap((outcome) =>
    outcome.status === 'fulfilled' && outcome.value !== null && outcome.value.plainBytes > 0 ? [outcome.value] : [],
  );
}

async function freeBytes(folder: string): Promise<number> {
  const disk = await statfs(folder);
  return disk.bavail * disk.bsize;
}

function checkSpace(free: number, bytes: number | null): void {
  const needed = (bytes ?? 0) * spaceFactor;
  if (free >= needed) return;
  throw new Postponed(
    `The export needs about ${Math.ceil(needed / 1e6)} MB of disk, and ${Math.floor(free / 1e6)} MB are free; old data stays.`,
  );
}
