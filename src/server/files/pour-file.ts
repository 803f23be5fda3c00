/** Writes a stretch of a file to a response through two buffers that are used again and again. */
import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';

/** Node's own file stream takes fresh memory for each read, and faulting it in costs more than the copy. */
const bufferBytes = 512 * 1024;
const keptBuffers = 16;
const spare: Buffer[] = [];

/** Resolves when the last byte is handed over or the other side has gone; closes neither file nor response. Throws when the file ends too early. */
export async function pourFile(
  handle: FileHandle,
  { start, end }: { start: number; end: number },
  response: ServerResponse,
): Promise<void> {
  const buffers = [takeBuffer(), takeBuffer()] as const;
  let writing: Promise<void> = Promise.resolve();
  try {
    for (let at = start, turn = 0; at <= end && !response.destroyed; turn = 1 - turn) {
      const buffer = buffers[turn as 0 | 1];
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at + 1), at);
      if (bytesRead === 0) throw new Error('the file became shorter while it was sent');
      at += bytesRead;
      await writing;
      writing = written(response, buffer.subarray(0, bytesRead));
    }
    await writing;
  } finally {
    await writing;
    for (const buffer of buffers) if (spare.length < keptBuffers) spare.push(buffer);
  }
}

function takeBuffer(): Buffer {
  return spare.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
}

/** Resolves when the system has taken the bytes, so that their buffer is free again; a connection that breaks frees it too. */
function written(response: ServerResponse, bytes: Buffer): Promise<void> {
  const flushed = new Promise<void>((resolve) => response.write(bytes, () => resolve()));
  const closed = new AbortController();
  const gone = once(response, 'close', { signal: closed.signal }).then(
    () => {},
    () => {},
  );
  return Promise.race([flushed, gone]).finally(() => closed.abort());
}
