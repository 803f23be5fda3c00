/** Packs text for fixtures. */
import * as zlib from 'node:zlib';

export function gzipSync(text: string | Buffer): Buffer {
  return zlib.gzipSync(text);
}

/** One raw block a frame holds the text as it is: the format without its compression (RFC 8878, 3.1.1). */
export function zstdCompressSync(text: string): Buffer {
  const content = Buffer.from(text);
  const blocks: Buffer[] = [];
  for (let at = 0; at < content.length; at += 100_000) {
    const block = content.subarray(at, at + 100_000);
    const last = at + 100_000 >= content.length ? 1 : 0;
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | last, 0, 3);
    blocks.push(header, block);
  }
  // Magic number, a frame header without content size, and a window of 128 KiB.
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]), ...blocks]);
}
