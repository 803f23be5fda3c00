/** The packed segment that is being read, unpacked once for all the batches it gives. */
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

const unpack = promisify(gunzip);

export class UnpackedSegment {
  private path: string | null = null;
  private bytes: Buffer = Buffer.alloc(0);

  /** Up to `size` bytes from `offset` on. Its end is the last that is asked of a segment, so its memory goes then. */
  async read(path: string, offset: number, size: number): Promise<Buffer> {
    if (path !== this.path) {
      this.release();
      this.bytes = await unpack(await readFile(path));
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
