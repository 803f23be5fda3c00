/** Brings one slice to disk, verified: what breaks off is resumed where it ended, what is damaged is fetched again. */
import { type FileHandle, open } from 'node:fs/promises';
import { AttacheError } from '../../../errors/attache-error.ts';
import { brokenConnection } from '../api/explain-answer.ts';
import { Passing, withPatience } from '../api/patience.ts';
import type { Answer } from '../api/transport.ts';
import { type Cloud, getObject } from '../clouds/get-object.ts';
import type { Limits } from '../settings.ts';
import { md5Of, SliceCheck, type SliceFacts } from './slice-check.ts';
import { NoRoom, type UnpackingRoom } from './unpacking-room.ts';

export interface SliceTask {
  key: string;
  file: string;
  parquet: boolean;
  room: UnpackingRoom;
  limits: Limits;
  progress(bytes: number): void;
}

/** Progress is told in steps of this many bytes. */
const toldBytes = 1024 * 1024;

/** What has arrived so far of one object. */
interface Arrived {
  check: SliceCheck;
  tag: string | null;
  md5: string | null;
  total: number | null;
}

export async function downloadSlice(cloud: Cloud, task: SliceTask): Promise<SliceFacts> {
  const handle = await open(task.file, 'w', 0o600);
  let arrived: Arrived | null = null;
  const attempt = async () => {
    arrived = await receive(cloud, task, handle, arrived, (kept) => {
      arrived = kept;
    });
    const facts = await arrived.check.finish(arrived.md5);
    arrived = null;
    if ('damage' in facts) throw new Passing(damaged(task.key, facts.damage));
    return facts;
  };
  try {
    return await withPatience({ limits: task.limits, signal: cloud.signal }, async () => {
      try {
        return await attempt();
      } catch (thrown) {
        if (!(thrown instanceof NoRoom)) throw thrown;
        // It comes a second time and stays packed.
        await arrived?.check.drop();
        arrived = null;
        return attempt();
      }
    });
  } finally {
    await (arrived as Arrived | null)?.check.drop();
    await handle.close();
  }
}

/** One connection: goes on behind what has arrived, or begins anew where the object changed or the cloud sends all of it. `keep` is told as soon as there is something to go on with. */
async function receive(
  cloud: Cloud,
  task: SliceTask,
  handle: FileHandle,
  before: Arrived | null,
  keep: (arrived: Arrived | null) => void,
): Promise<Arrived> {
  const from = before?.check.bytes ?? 0;
  let answer: Answer;
  try {
    answer = await getObject(cloud, task.key, from, before?.tag ?? null);
  } catch (thrown) {
    // The rest of another object would not fit what is here.
    if (thrown instanceof Passing && /answered (412|416)/.test(thrown.message)) {
      await before?.check.drop();
      keep(null);
    }
    throw thrown;
  }
  const goesOn = before !== null && continues(answer, from, before);
  if (!goesOn) {
    await before?.check.drop();
    keep(null);
    await handle.truncate(0);
  }
  const arrived = goesOn ? before : fresh(answer, task, handle);
  keep(arrived);
  await pour(answer, arrived, cloud, task);
  if (arrived.total !== null && arrived.check.bytes !== arrived.total) {
    if (arrived.check.bytes > arrived.total) keep(null);
    throw new Passing(damaged(task.key, `it has ${arrived.total} bytes and ${arrived.check.bytes} came`));
  }
  return arrived;
}

async function pour({ body }: Answer, { check }: Arrived, cloud: Cloud, task: SliceTask): Promise<void> {
  let untold = 0;
  try {
    for await (const chunk of body) {
      const bytes = chunk as Buffer;
      await check.write(bytes);
      untold += bytes.length;
      if (untold < toldBytes) continue;
      task.progress(untold);
      untold = 0;
    }
    task.progress(untold);
  } catch (thrown) {
    cloud.signal.throwIfAborted();
    if (thrown instanceof NoRoom || thrown instanceof AttacheError) throw thrown;
    throw brokenConnection(`Fetching ${task.key}`, thrown);
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number, key: string): Promise<void> {
  try {
    for (let done = 0; done < bytes.length; ) {
      done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
    }
  } catch (thrown) {
    if (!['ENOSPC', 'EDQUOT'].includes((thrown as NodeJS.ErrnoException).code ?? '')) throw thrown;
    throw new AttacheError('disk_full', {
      message: `The disk became full while ${key} was fetched.`,
      hint: 'Free some space and sync again; the table keeps its data.',
      retryable: true,
      cause: thrown,
    });
  }
}

function continues({ status, headers }: Answer, from: number, { total }: Arrived): boolean {
  const [, first, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  return status === 206 && Number(first) === from && (total === null || Number(size) === total);
}

function fresh({ status, headers }: Answer, task: SliceTask, handle: FileHandle): Arrived {
  if (status === 206) throw new Passing(damaged(task.key, 'the cloud sent another part of it than was asked for'));
  const length = headers['content-length'];
  const unpacks = !task.parquet && task.room.isLeft;
  return {
    check: new SliceCheck({
      parquet: task.parquet,
      unpacks,
      store: (bytes, position) => {
        if (unpacks) task.room.take(bytes.length);
        return writeAll(handle, bytes, position, task.key);
      },
    }),
    tag: headers.etag ?? null,
    md5: md5Of(headers),
    total: length === undefined ? null : Number(length),
  };
}

function damaged(key: string, how: string): AttacheError {
  return new AttacheError('integrity', {
    message: `The slice ${key} did not arrive whole: ${how}.`,
    hint: 'The table keeps its data; the next run exports it again.',
    retryable: true,
  });
}
