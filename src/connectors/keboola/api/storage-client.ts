/** The Storage API: one function for each call, answers typed, passing failures tried again. */
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { AttacheError } from '../../../errors/attache-error.ts';
import type { Settings } from '../settings.ts';
import { brokenConnection, refusalOf } from './explain-answer.ts';
import { Passing, withPatience } from './patience.ts';
import {
  type BucketAnswer,
  bucketAnswer,
  type FileAnswer,
  fileAnswer,
  type JobAnswer,
  jobAnswer,
  type TableAnswer,
  type TokenAnswer,
  tableAnswer,
  tokenAnswer,
} from './shapes.ts';
import type { Answer, Transport } from './transport.ts';

const megabyte = 1024 * 1024;
const largestList = 256 * megabyte;
const largestAnswer = 16 * megabyte;

interface Call<T> {
  /** For people: `Reading the table in.c-main.orders`. */
  what: string;
  path: string;
  shape: z.ZodType<T>;
  body?: Record<string, unknown>;
  largest?: number;
  /** Jobs and files of jobs have no branch in their path. */
  branchless?: boolean;
}

export class StorageClient {
  readonly #settings: Settings;
  readonly #token: string;
  readonly #transport: Transport;
  readonly #signal: AbortSignal;

  constructor(settings: Settings, token: string, transport: Transport, signal: AbortSignal) {
    this.#settings = settings;
    this.#token = token;
    this.#transport = transport;
    this.#signal = signal;
  }

  verify(): Promise<TokenAnswer> {
    return this.#call({ what: 'Verifying the token', path: 'tokens/verify', shape: tokenAnswer });
  }

  buckets(): Promise<BucketAnswer[]> {
    return this.#call({
      what: 'Listing the buckets',
      path: 'buckets?include=metadata,linkedBuckets',
      shape: z.array(bucketAnswer),
      largest: largestList,
    });
  }

  tablesOf(bucket: string): Promise<TableAnswer[]> {
    return this.#call({
      what: `Listing the tables of ${bucket}`,
      path: `buckets/${encodeURIComponent(bucket)}/tables?include=columns,metadata,columnMetadata`,
      shape: z.array(tableAnswer),
      largest: largestList,
    });
  }

  table(id: string): Promise<TableAnswer> {
    return this.#call({
      what: `Reading the detail of ${id}`,
      path: `tables/${encodeURIComponent(id)}`,
      shape: tableAnswer,
    });
  }

  /** Starts an export. It changes nothing and equal ones are answered from a cache, so one ambiguous failure is tried again. */
  startExport(table: string, body: Record<string, unknown>): Promise<JobAnswer> {
    return this.#call({
      what: `Exporting ${table}`,
      path: `tables/${encodeURIComponent(table)}/export-async`,
      shape: jobAnswer,
      body,
    });
  }

  job(id: string): Promise<JobAnswer> {
    return this.#call({
      what: `Asking for the job ${id}`,
      path: `jobs/${encodeURIComponent(id)}`,
      shape: jobAnswer,
      branchless: true,
    });
  }

  /** With fresh credentials for its objects. */
  file(id: string): Promise<FileAnswer> {
    return this.#call({
      what: `Reading the file ${id}`,
      path: `files/${encodeURIComponent(id)}?federationToken=1`,
      shape: fileAnswer,
    });
  }

  #call<T>(call: Call<T>): Promise<T> {
    const patience = {
      limits: this.#settings.limits,
      signal: this.#signal,
      ...(call.body === undefined ? {} : { mostAmbiguous: 1 }),
    };
    return withPatience(patience, () => this.#attempt(call));
  }

  async #attempt<T>({ what, path, shape, body, largest, branchless }: Call<T>): Promise<T> {
    const { url, branch } = this.#settings;
    const prefix = branch === undefined || branchless ? '' : `branch/${branch}/`;
    let answer: Answer;
    let text: string | null;
    try {
      answer = await this.#transport.stack(`${url.replace(/\/+$/, '')}/v2/storage/${prefix}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          'x-storageapi-token': this.#token,
          accept: 'application/json',
          'accept-encoding': 'gzip',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        signal: this.#signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      text = await readText(answer, largest ?? largestAnswer);
    } catch (thrown) {
      this.#signal.throwIfAborted();
      throw brokenConnection(what, thrown);
    }
    if (text === null)
      throw new AttacheError('source_failed', { message: `${what}: the answer of the stack is too large.` });
    if (answer.status < 200 || answer.status > 299)
      throw refusalOf(what, { status: answer.status, headers: answer.headers, text }, [this.#token]);
    return parsed(what, text, shape);
  }
}

/** The text of an answer, or null when it passes the limit. */
async function readText({ headers, body }: Answer, largest: number): Promise<string | null> {
  const gunzip = headers['content-encoding'] === 'gzip' ? createGunzip() : null;
  if (gunzip !== null) body.on('error', (failure) => gunzip.destroy(failure));
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of gunzip === null ? body : body.pipe(gunzip)) {
    length += (chunk as Buffer).length;
    if (length > largest) {
      body.destroy();
      return null;
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A broken or strange answer is often a gateway's, so it is tried again. */
function parsed<T>(what: string, text: string, shape: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw strange(what, 'is not JSON', cause);
  }
  const answer = shape.safeParse(value);
  if (answer.success) return answer.data;
  const issue = answer.error.issues[0];
  throw strange(what, `lacks or misuses ${issue?.path.join('.') || 'its form'}`, answer.error);
}

function strange(what: string, fault: string, cause: unknown): Passing {
  return new Passing(
    new AttacheError('source_failed', {
      message: `${what}: the answer of the stack ${fault}.`,
      hint: 'Check that the address is that of a Keboola stack. The table keeps its data; the next run tries again.',
      retryable: true,
      cause,
    }),
    { ambiguous: true },
  );
}
