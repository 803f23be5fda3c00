/** Opens a file as the bytes it means: decompressed by what its first bytes say, checked to the end, and in UTF-8. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import * as zlib from 'node:zlib';
import iconv from 'iconv-lite';
import { asFileFault, badFile } from './file-fault.ts';

type Compression = 'none' | 'gzip' | 'zstd';

/** What the first bytes of a file say. */
export interface Packing {
  compression: Compression;
  /** The encoding a byte order mark names, after decompression. */
  marked: 'utf-8' | 'utf-16le' | 'utf-16be' | null;
  /** The first bytes after decompression, undecoded. */
  head: Buffer;
  /** The head is the whole content. */
  complete: boolean;
}

const headBytes = 1 << 20;

/** Reads the beginning of a file. */
export async function readPacking(path: string, name: string, limit = headBytes): Promise<Packing> {
  const magic = await firstBytes(path, 8).catch((thrown) => {
    throw asFileFault(name, thrown);
  });
  const compression = compressionOf(magic);
  const { bytes: head, complete } = await readHead(path, name, compression, limit);
  return { compression, marked: markOf(head), head, complete };
}

async function firstBytes(path: string, count: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(count);
    const { bytesRead } = await file.read(buffer, 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function compressionOf(magic: Buffer): Compression {
  if (magic.length >= 2 && magic[0] === 0x1f && magic[1] === 0x8b) return 'gzip';
  if (magic.length >= 4 && magic.readUInt32LE(0) === 0xfd2fb528) return 'zstd';
  return 'none';
}

function markOf(head: Buffer): Packing['marked'] {
  if (head.length >= 3 && head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return 'utf-8';
  if (head.length >= 2 && head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head.length >= 2 && head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  return null;
}

async function readHead(
  path: string,
  name: string,
  compression: Compression,
  limit: number,
): Promise<{ bytes: Buffer; complete: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of readBytes(path, name, compression)) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > limit) return { bytes: Buffer.concat(chunks).subarray(0, limit), complete: false };
  }
  return { bytes: Buffer.concat(chunks), complete: true };
}

/** The decompressed bytes. A stream that ends early or does not match its checksum throws; nothing of it may be published. */
async function* readBytes(path: string, name: string, compression: Compression): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  try {
    if (compression === 'none') yield* file as AsyncIterable<Buffer>;
    else yield* decompressed(file, compression);
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    if (compression !== 'none' && !(code ?? '').startsWith('E')) {
      throw badFile(name, `its ${compression} stream is damaged or cut off (${message})`);
    }
    throw thrown;
  } finally {
    file.destroy();
  }
}

async function* decompressed(file: AsyncIterable<Buffer>, compression: 'gzip' | 'zstd'): AsyncGenerator<Buffer> {
  // Node's own zstd decoder, where there is one, ends a stream that was cut off without an error.
  if (compression === 'zstd') {
    const { unpackZstd } = await import('./unpack-zstd.ts');
    yield* unpackZstd(file);
    return;
  }
  const unpack = zlib.createGunzip({ chunkSize: 1 << 18 });
  const pump = (async () => {
    for await (const chunk of file) {
      if (!unpack.write(chunk)) await new Promise((resolve) => unpack.once('drain', resolve).once('close', resolve));
      if (unpack.destroyed) return;
    }
    unpack.end();
  })();
  pump.catch((thrown: Error) => unpack.destroy(thrown));
  try {
    yield* unpack as AsyncIterable<Buffer>;
    await pump;
  } finally {
    unpack.destroy();
  }
}

/** The text of a file as UTF-8 bytes without a byte order mark. Bytes that mean nothing in `encoding` become U+FFFD; in UTF-8 they stay as they are. */
export async function* readText(
  path: string,
  name: string,
  { compression, marked }: Pick<Packing, 'compression' | 'marked'>,
  encoding: string,
): AsyncGenerator<Buffer> {
  const real = marked ?? encoding;
  const bytes = readBytes(path, name, compression);
  if (isUtf8(real)) {
    yield* withoutMark(bytes);
    return;
  }
  const decoder = iconv.getDecoder(real, { stripBOM: true });
  for await (const chunk of bytes) {
    const text = decoder.write(chunk);
    if (text !== '') yield Buffer.from(text);
  }
  const rest = decoder.end();
  if (rest) yield Buffer.from(rest);
}

/** Whether an encoding's name means UTF-8 or a part of it. */
export function isUtf8(encoding: string): boolean {
  return /^(utf-?8|us-ascii|ascii)$/i.test(encoding);
}

/** Whether this installation can decode it. */
export function isKnownEncoding(encoding: string): boolean {
  return isUtf8(encoding) || iconv.encodingExists(encoding);
}

async function* withoutMark(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let first = true;
  for await (const chunk of bytes) {
    yield first && markOf(chunk) === 'utf-8' ? chunk.subarray(3) : chunk;
    first = false;
  }
}
