/** The packed segment that is being read, unpacked once for all the batches it gives. */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

export class UnpackedSegment {
  private path: string | null = null;
  private bytes: Buffer = Buffer.alloc(0);

  /** Up to `size` bytes from `offset` on; of a damaged file, what could be unpacked, and a sentence in `damage`. Its end is the last that is asked of a segment, so its memory goes then. */
  async read(path: string, offset: number, size: number, damage: string[]): Promise<Buffer> {
    if (path !== this.path) {
      this.release();
      this.bytes = await unpack(path, damage);
      this.path = path;
    }
    const chunk = this.bytes.subarray(offset, offset + size);
    if (offset >= this.bytes.length) this.release();
    return chunk;
  }

  private release(): void {
    this.path = null;
    this.bytes = Buffer.alloc(0);
  }
}

/** Events prove themselves by their own checksums, so whatever comes out before the damage may be taken. */
async function unpack(path: string, damage: string[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const collect = async (unpacked: AsyncIterable<Buffer>) => {
    for await (const chunk of unpacked) chunks.push(chunk);
  };
  try {
    await pipeline(createReadStream(path), createGunzip(), collect);
  } catch (thrown) {
    if (!isDamage(thrown)) throw thrown;
    damage.push(`${path} is damaged, and what it holds after its first ${lengthOf(chunks)} bytes cannot be read.`);
  }
  return Buffer.concat(chunks);
}

/** What the file holds is wrong, not the way to it. */
function isDamage(thrown: unknown): boolean {
  const { code } = thrown as NodeJS.ErrnoException;
  return code?.startsWith('Z_') === true;
}

function lengthOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}
