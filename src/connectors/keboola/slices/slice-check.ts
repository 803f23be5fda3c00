/** Watches the bytes of a slice go by and says at the end whether they are whole: hashes, and what a gz or Parquet file says of itself. */
import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { createGunzip, type Gunzip } from 'node:zlib';

export type SliceForm = 'gz' | 'plain' | 'parquet';

export interface SliceFacts {
  /** As it was stored. */
  form: SliceForm;
  bytes: number;
  /** Bytes after unpacking; DuckDB does not read slices of none. */
  plainBytes: number;
  /** First bytes after unpacking, as far as kept. */
  head: Buffer;
}

const headBytes = 256 * 1024;
const parquetMark = 'PAR1';
const gzMark = Buffer.from([0x1f, 0x8b, 8]);

/** Keeps bytes of a slice that stand from `position` on. */
type Store = (bytes: Buffer, position: number) => Promise<void>;

interface Wish {
  parquet: boolean;
  /** Store a gz unpacked: it is unpacked for its check anyway, and DuckDB need not do it again. */
  unpacks: boolean;
  store: Store;
}

/** Fed with the bytes in order, from the first to the last, across several connections if need be; stores them as they go by. */
export class SliceCheck {
  readonly #md5: Hash = createHash('md5');
  readonly #wish: Wish;
  #gunzip: Gunzip | null = null;
  #gunzipEnd: Promise<Error | null> = Promise.resolve(null);
  #storeFailure: { thrown: unknown } | null = null;
  /** What came before there was enough to tell a gz. */
  #undecided: Buffer | null = Buffer.alloc(0);
  #start = Buffer.alloc(0);
  #end = Buffer.alloc(0);
  #head: Buffer[] = [];
  #kept = 0;
  #bytes = 0;
  #storedBytes = 0;
  #plainBytes = 0;

  constructor(wish: Wish) {
    this.#wish = wish;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Throws what storing throws; damage is told by `finish`. */
  async write(chunk: Buffer): Promise<void> {
    this.#md5.update(chunk);
    this.#bytes += chunk.length;
    if (this.#wish.parquet) {
      this.#keepEnds(chunk);
      return this.#store(chunk);
    }
    if (this.#undecided === null) return this.#take(chunk);
    this.#undecided = Buffer.concat([this.#undecided, chunk]);
    if (this.#undecided.length >= gzMark.length) await this.#decide();
  }

  /** Why the slice is damaged, or what it is. `md5` is what the cloud says of it, if it does. */
  async finish(md5: string | null): Promise<{ damage: string } | SliceFacts> {
    if (this.#undecided !== null) await this.#decide();
    this.#gunzip?.end();
    const broken = await this.#gunzipEnd;
    if (this.#storeFailure !== null) throw this.#storeFailure.thrown;
    if (broken !== null) return { damage: `its gz is damaged (${broken.message})` };
    if (md5 !== null && this.#md5.digest('base64') !== md5)
      return { damage: 'its content is not what the cloud’s hash says' };
    if (this.#wish.parquet && this.#bytes > 0 && !this.#isWholeParquet())
      return { damage: 'its Parquet footer is missing' };
    return {
      form: this.#wish.parquet ? 'parquet' : this.#gunzip === null || this.#wish.unpacks ? 'plain' : 'gz',
      bytes: this.#bytes,
      plainBytes: this.#wish.parquet ? this.#bytes : this.#plainBytes,
      head: Buffer.concat(this.#head),
    };
  }

  /** Resolves once nothing is stored any more. */
  async drop(): Promise<void> {
    this.#gunzip?.destroy();
    await this.#gunzipEnd;
  }

  async #decide(): Promise<void> {
    const begun = this.#undecided ?? Buffer.alloc(0);
    this.#undecided = null;
    if (begun.subarray(0, gzMark.length).equals(gzMark)) this.#openGunzip();
    if (begun.length > 0) await this.#take(begun);
  }

  async #take(chunk: Buffer): Promise<void> {
    if (this.#gunzip === null) {
      this.#keepPlain(chunk);
      return this.#store(chunk);
    }
    await Promise.all([this.#wish.unpacks ? undefined : this.#store(chunk), this.#unpack(this.#gunzip, chunk)]);
    if (this.#storeFailure !== null) throw this.#storeFailure.thrown;
  }

  async #unpack(gunzip: Gunzip, chunk: Buffer): Promise<void> {
    if (!gunzip.destroyed && !gunzip.write(chunk))
      await Promise.race([once(gunzip, 'drain').catch(() => {}), this.#gunzipEnd]);
  }

  #openGunzip(): void {
    this.#gunzip = createGunzip({ chunkSize: 256 * 1024 });
    this.#gunzipEnd = this.#readUnpacked(this.#gunzip);
  }

  /** Why it could not be unpacked, or null. */
  async #readUnpacked(gunzip: Gunzip): Promise<Error | null> {
    try {
      for await (const plain of gunzip) {
        this.#keepPlain(plain as Buffer);
        if (this.#wish.unpacks) await this.#storeUnpacked(plain as Buffer);
      }
      return null;
    } catch (thrown) {
      return thrown as Error;
    }
  }

  async #storeUnpacked(plain: Buffer): Promise<void> {
    try {
      await this.#store(plain);
    } catch (thrown) {
      this.#storeFailure = { thrown };
      throw thrown;
    }
  }

  async #store(bytes: Buffer): Promise<void> {
    const position = this.#storedBytes;
    this.#storedBytes += bytes.length;
    await this.#wish.store(bytes, position);
  }

  #keepPlain(plain: Buffer): void {
    this.#plainBytes += plain.length;
    if (this.#kept >= headBytes) return;
    const kept = Buffer.from(plain.subarray(0, headBytes - this.#kept));
    this.#head.push(kept);
    this.#kept += kept.length;
  }

  #keepEnds(chunk: Buffer): void {
    if (this.#start.length < 4) this.#start = Buffer.concat([this.#start, chunk.subarray(0, 4)]);
    this.#end = Buffer.concat([this.#end, chunk.subarray(-8)]).subarray(-8);
  }

  #isWholeParquet(): boolean {
    const [first, last] = [this.#start.subarray(0, 4).toString('latin1'), this.#end.subarray(-4).toString('latin1')];
    return first === parquetMark && last === parquetMark && this.#end.readUInt32LE(0) < this.#bytes;
  }
}

/** The base64 MD5 of a whole object, from what the three clouds say. */
export function md5Of(headers: Record<string, string>): string | null {
  const google = /(?:^|[,\s])md5=([A-Za-z0-9+/]+=*)/.exec(headers['x-goog-hash'] ?? '')?.[1];
  if (google !== undefined) return google;
  const azure = headers['content-md5'] ?? headers['x-ms-blob-content-md5'];
  if (azure !== undefined) return azure;
  // An ETag is a hash only of an object that came in one part and was not encrypted with a key of its own.
  const tag = /^"([0-9a-f]{32})"$/.exec(headers.etag ?? '')?.[1];
  const encrypted = headers['x-amz-server-side-encryption'];
  const isPlain = headers['x-amz-request-id'] !== undefined && (encrypted === undefined || encrypted === 'AES256');
  return tag !== undefined && isPlain ? Buffer.from(tag, 'hex').toString('base64') : null;
}
