/** Talks HTTP to a Data Attaché server: one address, one token, errors as this project's own. */
import { Agent, request } from 'undici';
import { AttacheError } from '../errors/attache-error.ts';
import { problemOf } from './problem.ts';
import { readLimited } from './read-limited.ts';
import type { ServerResponse } from './server-response.ts';
import { unreachable } from './unreachable.ts';

/** Where a server is and who asks. */
export interface ServerAddress {
  /** Without a trailing slash, e.g. `http://127.0.0.1:8080`. */
  url: string;
  token: string | null;
}

interface ClientOptions {
  /** Milliseconds without a byte after which a connection counts as dead. */
  stallMs?: number;
  connections?: number;
}

/** A server asks a source, and some questions take two, each up to two minutes. */
const patienceMs = 300_000;

/** Answers larger than this are not read: a manifest of ten thousand tables has a few megabytes. */
const answerLimit = 256 << 20;

export class ServerClient {
  readonly address: ServerAddress;
  private readonly agent: Agent;

  constructor(address: ServerAddress, { stallMs = 30_000, connections = 16 }: ClientOptions = {}) {
    this.address = { ...address, url: address.url.replace(/\/+$/, '') };
    this.agent = new Agent({ connections, headersTimeout: stallMs, bodyTimeout: stallMs, connectTimeout: 10_000 });
  }

  /** Sends one request. Redirects are not followed, so that the token goes to the configured server only. */
  async open(
    path: string,
    options: {
      method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
      headers?: Record<string, string>;
      body?: unknown;
      signal?: AbortSignal;
      /** The server asks a source before it answers: silence is no sign that it is gone. */
      patient?: boolean;
    } = {},
  ): Promise<ServerResponse> {
    const headers: Record<string, string> = { accept: 'application/json, */*', ...options.headers };
    if (this.address.token !== null) headers.authorization = `Bearer ${this.address.token}`;
    if (options.body !== undefined) headers['content-type'] = 'application/json';
    try {
      const response = await request(`${this.address.url}${path}`, {
        dispatcher: this.agent,
        method: options.method ?? 'GET',
        headers,
        body: options.body === undefined ? null : JSON.stringify(options.body),
        signal: options.signal,
        ...(options.patient ? { headersTimeout: patienceMs } : {}),
      });
      return { status: response.statusCode, headers: response.headers, body: response.body };
    } catch (thrown) {
      options.signal?.throwIfAborted();
      throw unreachable(this.address.url, thrown);
    }
  }

  /** Sends one request and reads a JSON answer; every status from 400 on becomes the error that the server's problem document describes. */
  async json<Answer>(
    path: string,
    options: Parameters<ServerClient['open']>[1] = {},
  ): Promise<{ status: number; headers: ServerResponse['headers']; body: Answer }> {
    const response = await this.open(path, options);
    if (response.status >= 400) throw await problemOf(this.address.url, path, response);
    const text = await readLimited(response.body, answerLimit, this.address.url);
    return { status: response.status, headers: response.headers, body: this.parse<Answer>(path, response, text) };
  }

  private parse<Answer>(path: string, response: ServerResponse, text: string): Answer {
    if (text === '') return undefined as Answer;
    try {
      return JSON.parse(text) as Answer;
    } catch (cause) {
      throw new AttacheError('server_error', {
        message: `${this.address.url}${path} answered ${response.status} with something that is not JSON.`,
        hint: 'Check the address: is this a Data Attaché server, and is nothing between it and you?',
        cause,
      });
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
