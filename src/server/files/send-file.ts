/** Sends an immutable file, or the part of it that was asked for. */
import { type FileHandle, open } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AttacheError } from '../../errors/attache-error.ts';
import { type ByteRange, parseByteRange } from './byte-range.ts';
import { allowsRange, matchesNone, strongTag } from './etag.ts';
import { pourFile } from './pour-file.ts';

export interface SentFile {
  path: string;
  /** What it must be, where that is recorded. */
  sizeBytes: number | null;
  /** `sha256:…`, the strong tag. */
  hash: string;
  /** Hex SHA-256 of the file's own bytes, where known. */
  sha256: string | null;
  downloadName: string;
  cacheControl: string;
}

export async function sendFile(request: FastifyRequest, reply: FastifyReply, file: SentFile): Promise<unknown> {
  const tag = strongTag(file.hash);
  reply.headers({
    etag: tag,
    'cache-control': file.cacheControl,
    'accept-ranges': 'bytes',
  });
  if (matchesNone(request.headers['if-none-match'], tag)) return reply.code(304).send();
  const { handle, size } = await openWhole(file);
  const range = wantedRange(request, tag, size);
  if (range === 'unsatisfiable') {
    await handle.close();
    reply.header('content-range', `bytes */${size}`);
    throw new AttacheError('range_invalid', {
      message: `The file has ${size} bytes; the range ${request.headers.range} begins beyond them.`,
      hint: 'Ask for a range inside the file or for all of it. Send If-Range with the ETag when going on with an earlier download.',
    });
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  reply.headers({
    'content-type': 'application/vnd.apache.parquet',
    'content-disposition': `attachment; filename="${file.downloadName}"`,
    'content-length': String(end - start + 1),
    ...(file.sha256 === null
      ? {}
      : { 'repr-digest': `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:` }),
    ...(range === null ? {} : { 'content-range': `bytes ${start}-${end}/${size}` }),
  });
  reply.code(range === null ? 200 : 206);
  if (request.method === 'HEAD') {
    await handle.close();
    return reply.send();
  }
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(reply.statusCode, reply.getHeaders() as OutgoingHttpHeaders);
  try {
    await pourFile(handle, { start, end }, raw);
    raw.end();
  } catch (thrown) {
    // The head is out: only a broken connection can still tell the client that this is not the file.
    raw.destroy(thrown as Error);
  } finally {
    await handle.close();
  }
  return reply;
}

function wantedRange(request: FastifyRequest, tag: string, size: number): ByteRange | null | 'unsatisfiable' {
  if (request.method !== 'GET' || !allowsRange(request.headers['if-range'] as string | undefined, tag)) return null;
  return parseByteRange(request.headers.range, size);
}

/** An open file can be read to its end even when the sweep removes its name meanwhile. */
async function openWhole(file: SentFile): Promise<{ handle: FileHandle; size: number }> {
  const handle = await open(file.path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw new AttacheError(cause.code === 'ENOENT' ? 'not_found' : 'integrity', {
      message: `The file of ${file.downloadName} is not there any more.`,
      hint: 'Ask for the manifest again: the table has probably moved on.',
      retryable: true,
      cause,
    });
  });
  const { size } = await handle.stat();
  if (file.sizeBytes === null || size === file.sizeBytes) return { handle, size };
  await handle.close();
  throw new AttacheError('integrity', {
    message: `The file of ${file.downloadName} has ${size} bytes instead of ${file.sizeBytes}.`,
    hint: 'Something outside changed it. Trigger a full sync of the table.',
  });
}
