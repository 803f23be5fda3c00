/** Writes a stretch of a file to a response through two buffers that are used again and again. */
import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { BufferShares } from './buffer-shares.ts';

const shares = new BufferShares();

/** Resolves when the last byte is handed over or the other side has gone; closes neither file nor response. Throws when the file ends too early. */
export async function pourFile(
  handle: FileHandle,
  { start, end }: { start: number; end: number },
  response: ServerResponse,
): Promise<void> {
  const share = shares.take(end - start + 1);
  const writer = new Writer(response);
  let writing: Promise<void> = Promise.resolve();
  try {
    // One buffer is read into while the system takes the other.
    for (let at = start, turn = 0; at <= end && !response.destroyed; turn = 1 - turn) {
      const buffer = share.buffer(turn as 0 | 1);
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at + 1), at);
      if (bytesRead === 0) throw new Error('the file became shorter while it was sent');
      at += bytesRead;
      await writing;
      writing = writer.write(bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead));
    }
  } finally {
    await writing;
    writer.close();
    share.giveBack();
  }
}

/** Tells when the system has taken the bytes, so that their buffer is free again; a connection that breaks frees it too. */
class Writer {
  private readonly response: ServerResponse;
  private taken: () => void = () => {};
  private readonly gone = () => this.taken();

  constructor(response: ServerResponse) {
    this.response = response;
    response.once('close', this.gone);
  }

  /** One at a time. */
  write(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.taken = resolve;
      if (this.response.destroyed) resolve();
      else this.response.write(bytes, () => resolve());
    });
  }

  close(): void {
    this.response.off('close', this.gone);
  }
}
