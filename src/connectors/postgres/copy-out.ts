/** Runs `COPY … TO STDOUT` and hands its bytes on as they come off the socket. */
import type pg from 'pg';
import { AttacheError } from '../../errors/attache-error.ts';
import type { streamOf } from './connect.ts';
import { CopyFrames } from './copy-frames.ts';
import { divert, mostChunksInWork } from './recycling-socket.ts';

const resumeBelowChunks = 2;
const readyForQuery = 'Z'.charCodeAt(0);

export interface Copied {
  rows: number;
  /** Bytes of the longest row. */
  longestRow: number;
}

/** Takes rows; resolves when it needs the bytes no more, which are overwritten then. A rejection stops the COPY. */
export type RowSink = (bytes: Buffer) => Promise<void>;

/** A row is longer than the reader can take. */
export class RowTooLong extends Error {}

/** Resolves when every byte is with the sink and the server has confirmed its number of rows. Rejects with the server's error, the sink's, or the connection's; with `RowTooLong` as soon as a row of more bytes begins. */
export async function copyOut(
  client: pg.Client,
  sql: string,
  sink: RowSink,
  longestRow = Number.POSITIVE_INFINITY,
): Promise<Copied> {
  const copy = new CopyOut(sql, sink, longestRow);
  client.query(copy as unknown as pg.Submittable);
  return copy.done;
}

/** What the driver calls a query: it gets every message but the rows, which never reach the driver's parser. */
class CopyOut {
  readonly done: Promise<Copied>;
  private readonly sql: string;
  private readonly sink: RowSink;
  private readonly longestRow: number;
  private readonly frames: CopyFrames;
  private resolve!: (copied: Copied) => void;
  private reject!: (reason: unknown) => void;
  private connection: { stream: ReturnType<typeof streamOf>; query(sql: string): void } | null = null;
  private driverListeners: ((chunk: Buffer) => void)[] = [];
  private giveBack: () => void = () => {};
  private inWork = 0;
  private delivered: Promise<unknown> = Promise.resolve();
  private failure: unknown = null;
  private announced: number | null = null;

  constructor(sql: string, sink: RowSink, longestRow: number) {
    this.sql = sql;
    this.sink = sink;
    this.longestRow = longestRow;
    this.frames = new CopyFrames(
      (bytes) => this.deliver(bytes),
      (message) => this.passToDriver(message),
    );
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  submit(connection: NonNullable<CopyOut['connection']>): void {
    this.connection = connection;
    const { stream } = connection;
    this.driverListeners = stream.listeners('data') as ((chunk: Buffer) => void)[];
    this.giveBack = divert(stream, (chunk) => this.frames.push(chunk));
    connection.query(this.sql);
  }

  private deliver(bytes: Buffer): void {
    if (this.failure !== null) return;
    const stream = this.connection!.stream;
    if (this.frames.longestRow > this.longestRow) {
      this.breakOff(new RowTooLong());
      return;
    }
    this.inWork += 1;
    if (this.inWork >= mostChunksInWork) stream.pause();
    this.delivered = this.sink(bytes).then(
      () => {
        this.inWork -= 1;
        if (this.inWork < resumeBelowChunks && stream.isPaused()) stream.resume();
      },
      (error: unknown) => this.breakOff(error),
    );
  }

  /** The server would go on sending: the rest of a COPY can only be stopped by leaving. */
  private breakOff(error: unknown): void {
    this.failure ??= error;
    this.connection!.stream.destroy();
    this.reject(this.failure);
  }

  /** The server is ready only behind its last message: then the stream is the driver's again, before it may start the next statement. */
  private passToDriver(message: Buffer): void {
    const { stream } = this.connection!;
    if (message[0] === readyForQuery) this.giveBack();
    for (const listener of this.driverListeners) listener.call(stream, message);
  }

  handleCommandComplete(message: { text: string }): void {
    this.announced = Number(/^COPY (\d+)$/.exec(message.text)?.[1] ?? Number.NaN);
  }

  handleError(error: unknown): void {
    this.failure ??= error;
    this.reject(this.failure);
  }

  handleReadyForQuery(): void {
    void this.delivered.then(() => this.finish());
  }

  private finish(): void {
    const { rows, longestRow } = this.frames;
    if (this.failure !== null) this.reject(this.failure);
    else if (this.announced === rows) this.resolve({ rows, longestRow });
    else
      this.reject(
        new AttacheError('rows_missing', {
          message: `The server says it sent ${this.announced} rows, and ${rows} arrived.`,
          hint: 'The table keeps its data. Sync it again.',
          retryable: true,
        }),
      );
  }
}
