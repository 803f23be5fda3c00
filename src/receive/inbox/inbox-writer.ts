/**
 * Appends events so that they survive a power cut before anyone is told they are safe. Those who wait share one flush.
 * One process writes a lane; sequences are never used twice, not even for an event that was lost before its flush.
 */
import { type FileHandle, mkdir, open, readFile, statfs, truncate } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { AttacheError } from '../../errors/attache-error.ts';
import { syncDirectory, syncFile } from '../../files/durable.ts';
import { crashPoint } from '../../publish/crash-point.ts';
import { decodeFrame, encodeFrame, type FrameHead, findFrame } from './frame.ts';
import { listSegments, type Segment, segmentPath } from './segments.ts';

export interface InboxLimits {
  /** A segment ends when it is this large or this old. */
  segmentBytes: number;
  segmentMs: number;
  /** Appending stops while the disk has less than this free. */
  floorBytes: number;
}

export const defaultInboxLimits: InboxLimits = {
  segmentBytes: 64 * 1024 * 1024,
  segmentMs: 3_600_000,
  floorBytes: 256 * 1024 * 1024,
};

/** More than can be lost unflushed at once: events a reader saw before a power cut keep their sequences for themselves. */
const sequenceGap = 1_000_000;
const largestGroupBytes = 16 * 1024 * 1024;
const diskLookMs = 2_000;

interface Waiting {
  bytes: Buffer;
  resolve(): void;
  reject(error: unknown): void;
}

interface OpenSegment {
  file: FileHandle;
  bytes: number;
  openedAt: number;
}

export class InboxWriter {
  /** Events appended since the start. */
  appended = 0;
  private readonly directory: string;
  private readonly limits: InboxLimits;
  private next: number;
  private segment: OpenSegment | null = null;
  private waiting: Waiting[] = [];
  private flushing: Promise<void> | null = null;
  private closed = false;
  private disk = { lookedAt: 0, full: false };

  private constructor(directory: string, limits: InboxLimits, next: number) {
    this.directory = directory;
    this.limits = limits;
    this.next = next;
  }

  /** Cuts what a crash left half written at the end of the newest segment, and goes on after it. */
  static async open(directory: string, limits: InboxLimits = defaultInboxLimits): Promise<InboxWriter> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await syncDirectory(directory);
    const last = (await listSegments(directory)).at(-1);
    const next = last === undefined ? 1 : (await recoverSegment(last)) + sequenceGap;
    return new InboxWriter(directory, limits, next);
  }

  /** The sequence of the newest event, stored or not; 0 before the first. */
  get newest(): number {
    return this.next - 1;
  }

  get depth(): number {
    return this.waiting.length;
  }

  /** Resolves with the event's sequence once it is on the disk; throws `unavailable` when it cannot be kept. */
  async append(facts: Omit<FrameHead, 'sequence'>, body: Buffer): Promise<number> {
    if (this.closed) throw unavailable('The server is shutting down.');
    const sequence = this.next;
    this.next += 1;
    const bytes = encodeFrame({ head: { ...facts, sequence }, body });
    await new Promise<void>((resolve, reject) => {
      this.waiting.push({ bytes, resolve, reject });
      this.flushing ??= this.flush();
    });
    this.appended += 1;
    return sequence;
  }

  /** Finishes what waits; nothing is taken after it. */
  async close(): Promise<void> {
    this.closed = true;
    await this.flushing;
    await this.segment?.file.close();
    this.segment = null;
  }

  private async flush(): Promise<void> {
    // Those who ask in this turn of the event loop go together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) {
      const group = this.takeGroup();
      try {
        await this.checkDisk();
        crashPoint('inbox.before-append');
        await this.store(Buffer.concat(group.map((one) => one.bytes)));
        crashPoint('inbox.after-sync');
        for (const one of group) one.resolve();
      } catch (cause) {
        // A failed flush may have dropped pages already: that descriptor is never trusted again.
        await this.segment?.file.close().catch(() => {});
        this.segment = null;
        const error =
          cause instanceof AttacheError
            ? cause
            : unavailable(`The event could not be stored: ${(cause as Error).message}`, cause);
        for (const one of group) one.reject(error);
      }
    }
    this.flushing = null;
  }

  private takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.waiting.length && (count === 0 || bytes < largestGroupBytes)) {
      bytes += (this.waiting[count] as Waiting).bytes.length;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }

  private async store(bytes: Buffer): Promise<void> {
    const segment = await this.currentSegment(bytes);
    await segment.file.appendFile(bytes);
    crashPoint('inbox.before-sync');
    await segment.file.datasync();
    segment.bytes += bytes.length;
  }

  private async currentSegment(bytes: Buffer): Promise<OpenSegment> {
    const { segmentBytes, segmentMs } = this.limits;
    if (
      this.segment !== null &&
      (this.segment.bytes >= segmentBytes || Date.now() - this.segment.openedAt > segmentMs)
    ) {
      await this.segment.file.close();
      this.segment = null;
    }
    if (this.segment === null) {
      const decoded = decodeFrame(bytes, 0);
      const first = decoded.kind === 'frame' ? decoded.frame.head.sequence : this.next;
      const file = await open(segmentPath(this.directory, first), 'ax', 0o600);
      await syncDirectory(this.directory);
      this.segment = { file, bytes: 0, openedAt: Date.now() };
    }
    return this.segment;
  }

  private async checkDisk(): Promise<void> {
    const now = Date.now();
    if (now - this.disk.lookedAt > diskLookMs) {
      this.disk.lookedAt = now;
      const { bavail, bsize } = await statfs(this.directory);
      this.disk.full = bavail * bsize < this.limits.floorBytes;
    }
    if (this.disk.full) throw unavailable('The disk is nearly full.');
  }
}

/** The last sequence in a segment, after cutting a torn end. Damage with sound frames behind it stays for the reader to report. */
async function recoverSegment(segment: Segment): Promise<number> {
  const raw = await readFile(segment.path);
  const bytes = segment.packed ? gunzipSync(raw) : raw;
  let last = segment.first - 1;
  let end = 0;
  for (let at = 0; at !== -1 && at < bytes.length; ) {
    const decoded = decodeFrame(bytes, at);
    if (decoded.kind === 'frame') {
      last = Math.max(last, decoded.frame.head.sequence);
      end = decoded.end;
      at = decoded.end;
    } else at = findFrame(bytes, at + 1);
  }
  if (!segment.packed && end < bytes.length) {
    await truncate(segment.path, end);
    await syncFile(segment.path);
  }
  return last;
}

function unavailable(message: string, cause?: unknown): AttacheError {
  return new AttacheError('unavailable', {
    message,
    hint: 'Nothing was kept; send it again later.',
    retryable: true,
    cause,
  });
}
