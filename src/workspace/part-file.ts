/** A part on its way in: bytes beside the final name, hashed as they arrive, kept over broken connections and killed processes. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../files/durable.ts';

/** Bytes collected before a write: large writes cost less than the network's own small pieces. */
const writeSize = 1 << 20;

export class PartFile {
  /** The validator the server gave with the bytes so far, to ask for the rest by. */
  etag: string | null;
  private readonly path: string;
  private readonly handle: FileHandle;
  private hash: Hash;
  private received: number;
  private collected: Buffer[] = [];
  private collectedSize = 0;
  private writing: Promise<void> = Promise.resolve();

  private constructor(path: string, handle: FileHandle, hash: Hash, size: number, etag: string | null) {
    this.path = path;
    this.handle = handle;
    this.hash = hash;
    this.received = size;
    this.etag = etag;
  }

  /** Opens what an earlier run left beside `path`, or starts anew. */
  static async open(path: string): Promise<PartFile> {
    await mkdir(dirname(path), { recursive: true });
    const draft = `${path}.part`;
    const handle = await open(draft, 'a+');
    const hash = createHash('sha256');
    const { size } = await handle.stat();
    if (size > 0) {
      for await (const chunk of createReadStream(draft, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
    }
    const etag = size > 0 ? await readFile(`${draft}.etag`, 'utf8').catch(() => null) : null;
    return new PartFile(path, handle, hash, size, etag);
  }

  get size(): number {
    return this.received;
  }

  /** Remembers the validator for a later process. */
  async rememberEtag(etag: string | null): Promise<void> {
    if (etag === this.etag) return;
    this.etag = etag;
    if (etag !== null) await writeFile(`${this.path}.part.etag`, etag);
  }

  /** Takes bytes in. Resolves when there is room for more. */
  async append(chunk: Buffer): Promise<void> {
    this.hash.update(chunk);
    this.received += chunk.length;
    this.collected.push(chunk);
    this.collectedSize += chunk.length;
    if (this.collectedSize >= writeSize) await this.writeCollected();
  }

  /** Hands the collected bytes to the disk, at most one write behind the network. */
  private async writeCollected(): Promise<void> {
    await this.writing;
    if (this.collectedSize === 0) return;
    const buffers = this.collected;
    this.collected = [];
    this.collectedSize = 0;
    this.writing = this.writeAll(buffers);
    // The failure surfaces at the next await; without a handler it would end the process first.
    this.writing.catch(() => {});
  }

  private async writeAll(buffers: Buffer[]): Promise<void> {
    const size = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    let { bytesWritten } = await this.handle.writev(buffers);
    if (bytesWritten < size) {
      const all = Buffer.concat(buffers);
      while (bytesWritten < size) {
        bytesWritten += (await this.handle.write(all, bytesWritten, size - bytesWritten)).bytesWritten;
      }
    }
  }

  /** Brings every byte taken in to the file, so that the next attempt or process can go on from there. */
  async flush(): Promise<void> {
    await this.writeCollected();
    await this.writing;
  }

  /** Drops what has arrived. */
  async restart(): Promise<void> {
    this.collected = [];
    this.collectedSize = 0;
    await this.writing.catch(() => {});
    await this.handle.truncate(0);
    this.hash = createHash('sha256');
    this.received = 0;
    await this.rememberEtag(null);
  }

  /** SHA-256 of all bytes so far. */
  digest(): string {
    return this.hash.copy().digest('hex');
  }

  /** Gives the part its final name; it is on the disk when this returns. */
  async publish(): Promise<void> {
    await this.flush();
    await this.handle.datasync();
    await rename(`${this.path}.part`, this.path);
    await rm(`${this.path}.part.etag`, { force: true });
    await syncDirectory(dirname(this.path));
  }

  async close(): Promise<void> {
    await this.flush().catch(() => {});
    await this.handle.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
