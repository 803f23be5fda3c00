/** Brings one part here: streamed, resumed where it broke off, verified, and only then given its name. */
import { problemOf } from '../client/problem.ts';
import { pauseBefore } from '../client/retry.ts';
import type { ServerClient } from '../client/server-client.ts';
import type { ServerResponse } from '../client/server-response.ts';
import { isNobodyThere, unreachable } from '../client/unreachable.ts';
import { AttacheError, toAttacheError } from '../errors/attache-error.ts';
import { asFolderError } from './file-errors.ts';
import { PartFile } from './part-file.ts';
import type { ManifestPart } from './shapes.ts';

/** Attempts in a row that brought nothing new. */
const fruitlessAttempts = 5;
/** Complete downloads with wrong bytes, each another, before the way there counts as broken. */
const wrongDownloads = 4;

export interface PartRequest {
  table: string;
  part: ManifestPart;
  /** Final local path. */
  path: string;
  signal: AbortSignal;
  /** Called with the size of each piece that arrives. */
  onBytes: (count: number) => void;
}

/** Returns when the part stands under its name with the bytes its name promises. */
export async function fetchPart(client: ServerClient, request: PartRequest): Promise<void> {
  await using file = await PartFile.open(request.path);
  const wrong = new Set<string>();
  let fruitless = 0;
  for (;;) {
    const before = file.size;
    try {
      await receive(client, request, file);
    } catch (thrown) {
      request.signal.throwIfAborted();
      const error = toAttacheError(asFolderError(thrown, request.path));
      fruitless = file.size > before ? 1 : fruitless + 1;
      if (!error.retryable || fruitless >= attemptsFor(error)) throw error;
      await file.flush();
      await pauseBefore(fruitless, error, request.signal);
      continue;
    }
    const digest = file.digest();
    if (digest === request.part.sha256) return file.publish();
    await file.restart();
    if (wrong.has(digest) || wrong.size + 1 >= wrongDownloads) throw wrongBytes(request, digest, wrong.has(digest));
    wrong.add(digest);
  }
}

/** Receives what is missing of the part, from the first missing byte on. */
async function receive(client: ServerClient, request: PartRequest, file: PartFile): Promise<void> {
  const { part, table, signal } = request;
  if (file.size > part.size_bytes) await file.restart();
  if (file.size === part.size_bytes && part.size_bytes > 0) return;
  const path = `/api/data/${table}/parts/${part.sha256}`;
  const response = await client.open(path, { headers: rangeHeaders(file), signal });
  await settleStart(client, path, response, file, part);
  try {
    for await (const chunk of response.body) {
      if (file.size + chunk.length > part.size_bytes) throw tooManyBytes(request);
      request.onBytes(chunk.length);
      await file.append(chunk as Buffer);
    }
  } catch (thrown) {
    throw asFolderError(thrown, request.path) === thrown ? unreachable(client.address.url, thrown) : thrown;
  }
  if (file.size < part.size_bytes) {
    throw unreachable(client.address.url, new Error(`${file.size} of ${part.size_bytes} bytes came`));
  }
}

/** Asks for the rest only of the very same bytes; a server that has others now sends all of them. */
function rangeHeaders(file: PartFile): Record<string, string> {
  if (file.size === 0) return {};
  return { range: `bytes=${file.size}-`, ...(file.etag === null ? {} : { 'if-range': file.etag }) };
}

/** Makes sure that what follows in the body belongs at the end of the file. */
async function settleStart(
  client: ServerClient,
  path: string,
  response: ServerResponse,
  file: PartFile,
  part: ManifestPart,
): Promise<void> {
  if (response.status === 206 && startsAt(response, file.size, part.size_bytes)) return;
  if (response.status === 200) {
    if (file.size > 0) await file.restart();
    const { etag } = response.headers;
    await file.rememberEtag(typeof etag === 'string' && !etag.startsWith('W/') ? etag : null);
    return;
  }
  if (response.status === 206 || response.status === 416) {
    await response.body.dump();
    await file.restart();
    throw new AttacheError('server_error', {
      message: `${client.address.url}${path} answered a request for the rest of the part with another range.`,
      retryable: true,
    });
  }
  throw await problemOf(client.address.url, path, response);
}

function startsAt(response: ServerResponse, offset: number, size: number): boolean {
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(String(response.headers['content-range'] ?? ''));
  return range !== null && Number(range[1]) === offset && Number(range[2]) === size;
}

/** A machine that is not there is given up sooner than one that stumbles. */
function attemptsFor(error: AttacheError): number {
  return isNobodyThere(error) ? 3 : fruitlessAttempts;
}

function tooManyBytes({ table, part }: PartRequest): AttacheError {
  return new AttacheError('integrity', {
    message: `The server sends more than the ${part.size_bytes} bytes it announced for a part of ${table}.`,
    hint: 'The old data stays. Tell an administrator: the server is inconsistent.',
  });
}

function wrongBytes({ table, part }: PartRequest, digest: string, twice: boolean): AttacheError {
  return new AttacheError('integrity', {
    message: `A part of ${table} should have SHA-256 ${part.sha256}, but ${digest} came${twice ? ' twice: the server is inconsistent' : ''}.`,
    hint: twice
      ? 'The old data stays. Tell an administrator: its file does not hold what its manifest says.'
      : 'The old data stays. Something between you and the server changes bytes; try again, or from another network.',
  });
}
