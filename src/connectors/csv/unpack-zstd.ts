/** Unpacks Zstandard where Node has no decoder of its own. The decoder checks no checksum, so the frame's end is checked here. */
import { Decompress } from 'fzstd';

/** The decompressed bytes; throws when the stream ends before its last block. */
export async function* unpackZstd(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let ready: Buffer[] = [];
  let ended = false;
  const stream = new Decompress((chunk, final) => {
    ready.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    ended = final === true;
  });
  for await (const chunk of packed) {
    stream.push(chunk);
    yield* ready;
    ready = [];
  }
  stream.push(new Uint8Array(0), true);
  yield* ready;
  if (!ended) throw new Error('unexpected end of file');
}
