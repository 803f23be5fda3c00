/** Reads a body as text up to a limit, so that no answer can fill the memory. */
import type { Readable } from 'node:stream';
import { AttacheError } from '../errors/attache-error.ts';
import { unreachable } from './unreachable.ts';

export async function readLimited(body: Readable, limit: number, url: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += (chunk as Buffer).length;
      if (size > limit) break;
      chunks.push(chunk as Buffer);
    }
  } catch (thrown) {
    throw unreachable(url, thrown);
  }
  if (size > limit) {
    throw new AttacheError('server_error', {
      message: `${url} sent an answer of more than ${limit} bytes; it was not read.`,
    });
  }
  return Buffer.concat(chunks).toString('utf8');
}
