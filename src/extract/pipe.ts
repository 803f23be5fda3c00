/**
 * A named pipe that DuckDB reads as a file and the event loop writes.
 *
 * Never written through `fs`: each running DuckDB query holds a thread of libuv's pool, `fs` writes need one too, and four tables at once would wait for each other for ever.
 * The writing end is opened once the reader is there, so that a reader that dies is seen (EPIPE) and the end of a short table cannot come before its beginning was read.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Pipe } from '../connectors/read-way.ts';
import { AttacheError } from '../errors/attache-error.ts';

/** A pipe that whoever made it can also break off. */
export interface OwnedPipe extends Pipe {
  /** Ends it at once and removes it: a waiting reader sees the end, a writer gets an error. What was read through it is incomplete unless `end` had resolved. */
  destroy(): void;
}

/** The reader ended before everything was written; its own error says why. */
export class BrokenPipe extends AttacheError {}

const readerPollMs = 1;

/** Starting a program copies the tables of this process's memory, so one start makes many pipes. */
const pipesOfOneStart = 16;

/** Answers a fresh pipe in `directory`, a folder of the run's own, each time it is called. */
export function pipesIn(directory: string): () => Promise<OwnedPipe> {
  const ready: string[] = [];
  let making: Promise<void> | null = null;
  const more = async () => {
    const paths = Array.from({ length: pipesOfOneStart }, () => join(directory, `${randomUUID()}.pipe`));
    await makePipes(directory, paths);
    ready.push(...paths);
  };
  return async () => {
    for (;;) {
      const path = ready.pop();
      if (path !== undefined) return new FifoPipe(path);
      making ??= more().finally(() => {
        making = null;
      });
      await making;
    }
  };
}

async function makePipes(directory: string, paths: readonly string[]): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    await promisify(execFile)('mkfifo', ['-m', '600', ...paths]);
  } catch (cause) {
    throw new AttacheError('unsupported', {
      message: `No named pipes can be made in ${directory}: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'Keep DATA_DIR on a local Linux or macOS filesystem, where the command `mkfifo` works.',
      cause,
    });
  }
}

class FifoPipe implements OwnedPipe {
  readonly path: string;
  private writer: Promise<Socket> | null = null;
  private socket: Socket | null = null;
  private failure: Error | null = null;
  private destroyed = false;

  constructor(path: string) {
    this.path = path;
  }

  async write(chunk: Buffer): Promise<void> {
    const socket = await this.open();
    await new Promise<void>((resolve, reject) => {
      socket.write(chunk, (error) => {
        if (error) reject(this.broken(error));
        else resolve();
      });
    });
  }

  async end(): Promise<void> {
    const socket = await this.open();
    await new Promise<void>((resolve, reject) => {
      socket.once('close', () => (this.failure || this.destroyed ? reject(this.broken(this.failure)) : resolve()));
      if (socket.closed) reject(this.broken(this.failure));
      // `end` alone keeps the descriptor until the other side of a duplex closes; a pipe has no other side.
      else socket.end(() => socket.destroy());
    });
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    releaseReader(this.path);
    this.socket?.destroy();
  }

  /** Resolves when a reader has opened the pipe. */
  private open(): Promise<Socket> {
    this.writer ??= this.waitForReader();
    return this.writer;
  }

  private async waitForReader(): Promise<Socket> {
    for (;;) {
      if (this.destroyed) throw this.broken(null);
      const fd = openForWriting(this.path);
      if (fd !== null) return this.attach(fd);
      await sleep(readerPollMs);
    }
  }

  private attach(fd: number): Socket {
    const socket = new Socket({ fd, readable: false, writable: true });
    socket.on('error', (error) => {
      this.failure ??= error;
    });
    this.socket = socket;
    return socket;
  }

  private broken(cause: Error | null): BrokenPipe {
    return new BrokenPipe('source_failed', {
      message: `The pipe ${this.path} broke before everything was read${cause === null ? '' : ` (${cause.message})`}.`,
      hint: 'Its reader stopped; the reason is the error of the query that read it.',
      retryable: true,
      cause: cause ?? undefined,
    });
  }
}

/** The writing end, or null while nobody reads. */
function openForWriting(path: string): number | null {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENXIO') return null;
    throw thrown;
  }
}

/** Lets a reader go that waits in `open`, and makes sure that none waits there later: it finds no file. */
function releaseReader(path: string): void {
  try {
    const both = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    unlinkSync(path);
    closeSync(both);
  } catch {
    // The run's folder is gone already, and the pipe with it.
  }
}
