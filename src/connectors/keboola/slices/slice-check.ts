/** Watches the bytes of a slice go by and says at the end whether they are whole: hashes, and what a gz or Parquet file says of itself. */
import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { createGunzip, type Gunzip } from 'node:zlib';

export type SliceForm = 'gz' | 'plain' | 'parquet';

export interface SliceFacts {
  form: SliceForm;
  bytes: number;
  /** Bytes after unpacking; DuckDB does not read slices of none. */
  plainBytes: number;
  /** First bytes after unpacking, as far as kept. */
  head: Buffer;
}

const headBytes = 256 * 1024;
const parquetMark = 'PAR1';

/** Fed with the bytes in order, from the first to the last, across several connections if need be. */
export class SliceCheck {
  readonly #md5: Hash = createHash('md5');
  readonly #wantsParquet: boolean;
  #gunzip: Gunzip | null = null;
  #gunzipEnd: Promise<Error | null> = Promise.resolve(null);
  #start = Buffer.alloc(0);
  #end = Buffer.alloc(0);
  #head: Buffer[] = [];
  #kept = 0;
  #bytes = 0;
  #plainBytes = 0;

  constructor(wantsParquet: boolean) {
    this.#wantsParquet = wantsParquet;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(chunk: Buffer): Promise<void> {
    this.#md5.update(chunk);
    if (this.#bytes === 0 && !this.#wantsParquet && isGz(chunk)) this.#openGunzip();
    this.#bytes += chunk.length;
    if (this.#wantsParquet) this.#keepEnds(chunk);
    else if (this.#gunzip === null) this.#keepPlain(chunk);
    else if (!this.#gunzip.destroyed && !this.#gunzip.write(chunk))
      await Promise.race([once(this.#gunzip, 'drain').catch(() => {}), this.#gunzipEnd]);
  }

  /** Why the slice is damaged, or what it is. `md5` is what the cloud says of it, if it does. */
  async finish(md5: string | null): Promise<{ damage: string } | SliceFacts> {
    this.#gunzip?.end();
    const broken = await this.#gunzipEnd;
    if (broken !== null) return { damage: `its gz is damaged (${broken.message})` };
    if (md5 !== null && this.#md5.digest('base64') !== md5)
      return { damage: 'its content is not what the cloud’s hash says' };
    if (this.#wantsParquet && this.#bytes > 0 && !this.#isWholeParquet())
      return { damage: 'its Parquet footer is missing' };
    return {
      form: this.#wantsParquet ? 'parquet' : this.#gunzip === null ? 'plain' : 'gz',
      bytes: this.#bytes,
      plainBytes: this.#wantsParquet ? this.#bytes : this.#plainBytes,
      head: Buffer.concat(this.#head),
    };
  }

  drop(): void {
    this.#gunzip?.destroy();
  }

  #openGunzip(): void {
    const gunzip = createGunzip({ chunkSize: 256 * 1024 });
    this.#gunzip = gunzip;
    gunzip.on('data', (plain: Buffer) => this.#keepPlain(plain));
    this.#gunzipEnd = new Promise((resolve) => {
      gunzip.on('end', () => resolve(null));
      gunzip.on('error', resolve);
      gunzip.on('close', () => resolve(null));
    });
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

function isGz(chunk: Buffer): boolean {
  return chunk.length > 2 && chunk[0] === 0x1f && chunk[1] === 0x8b && chunk[2] === 8;
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
