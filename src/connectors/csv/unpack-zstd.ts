/** Unpacks Zstandard, on every Node the same way. The decoder lets some cut streams pass, so the frames are followed beside it. */
import { Decompress } from 'fzstd';
import { ZstdFrames } from './zstd-frames.ts';

/** The decompressed bytes; throws when the stream ends inside a frame. */
export async function* unpackZstd(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const frames = new ZstdFrames();
  let ready: Buffer[] = [];
  const stream = new Decompress((chunk) => ready.push(Buffer.from(chunk)));
  for await (const chunk of packed) {
    frames.push(chunk);
    stream.push(chunk);
    yield* ready;
    ready = [];
  }
  if (!frames.complete) throw new Error('unexpected end of file');
  stream.push(new Uint8Array(0), true);
  yield* ready;
}
