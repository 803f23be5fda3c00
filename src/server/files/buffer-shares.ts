/**
 * Lends buffers to downloads: large ones while few run, because each read and each write is a way through the event loop and back; small ones when many run, so that
 * all of them together, also hundreds that read slowly, hold little. Returned buffers are lent again: faulting in fresh memory costs more than the copy.
 */

const kilobyte = 1024;
const largestBytes = 2048 * kilobyte;
const smallestBytes = 128 * kilobyte;
/** What the downloads share as long as the smallest buffers fit. */
const sharedBytes = 32 * 1024 * kilobyte;
const keptBytes = 8 * 1024 * kilobyte;

/** Two buffers of one size; the second is made when it is first needed. */
interface Share {
  buffer(turn: 0 | 1): Buffer;
  giveBack(): void;
}

export class BufferShares {
  private running = 0;
  private readonly spare: Buffer[] = [];

  /** A share for a download of `bytes`. */
  take(bytes: number): Share {
    this.running += 1;
    const size = bufferBytes(this.running, bytes);
    const buffers: [Buffer | null, Buffer | null] = [null, null];
    return {
      buffer: (turn) => {
        const buffer = buffers[turn] ?? this.lend(size);
        buffers[turn] = buffer;
        return buffer;
      },
      giveBack: () => {
        this.running -= 1;
        for (const buffer of buffers) if (buffer !== null) this.keep(buffer);
      },
    };
  }

  private lend(size: number): Buffer {
    const at = this.spare.findIndex((buffer) => buffer.length === size);
    return at < 0 ? Buffer.allocUnsafeSlow(size) : (this.spare.splice(at, 1)[0] as Buffer);
  }

  private keep(buffer: Buffer): void {
    const kept = this.spare.reduce((sum, { length }) => sum + length, 0);
    if (kept + buffer.length <= keptBytes) this.spare.push(buffer);
  }
}

/** A power of two: what one among `running` downloads may take, and no more than a stretch of `bytes` needs. */
function bufferBytes(running: number, bytes: number): number {
  const fair = sharedBytes / 2 / running;
  let size = largestBytes;
  while (size > smallestBytes && (size > fair || size / 2 >= bytes)) size /= 2;
  return size;
}
