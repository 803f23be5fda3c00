/** A strict stand-in for the server: the manifest and the parts, with faults on demand. Its own reading of the protocol, with nothing of `src`. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface DoubleTable {
  parts: { bytes: Buffer; rows: number }[];
  columns?: { name: string; type: string }[];
  query_mode?: 'local' | 'remote';
  source?: string;
  updated?: string;
}

/** What goes wrong with one answer to a request for a part. */
export type Fault =
  | { kind: 'cut'; after: number }
  | { kind: 'flip'; at: number }
  | { kind: 'status'; status: number; headers?: Record<string, string> }
  | { kind: 'stall'; after: number }
  | { kind: 'ignore_range' }
  | { kind: 'extra'; bytes: number };

export interface PartRequest {
  table: string;
  sha256: string;
  range: string | undefined;
  ifRange: string | undefined;
  /** Requests for this part so far, this one included. */
  count: number;
}

export class DaServerDouble {
  readonly token = 'da_double_token';
  url = '';
  generation = 1;
  /** Bytes of part bodies sent. */
  partBytes = 0;
  manifestAnswers: number[] = [];
  partRequests: PartRequest[] = [];
  /** Requests that a correct client never sends. */
  complaints: string[] = [];
  /** Decides the fault of an answer. */
  fault: (request: PartRequest) => Fault | null | Promise<Fault | null> = () => null;
  /** Changes the manifest document before it is sent. */
  editManifest: (manifest: { tables: Record<string, unknown> }) => unknown = (manifest) => manifest;
  /** Bytes sent in one piece. */
  chunk = 64 << 10;
  private tables = new Map<string, DoubleTable>();
  private readonly server = createServer((request, response) => {
    this.answer(request, response).catch((cause) => response.destroy(cause as Error));
  });

  static async start(tables: Record<string, DoubleTable> = {}, port = 0): Promise<DaServerDouble> {
    const double = new DaServerDouble();
    double.publish(tables);
    await new Promise<void>((resolve) => double.server.listen(port, '127.0.0.1', resolve));
    double.url = `http://127.0.0.1:${(double.server.address() as AddressInfo).port}`;
    return double;
  }

  /** Replaces the whole content: parts that no table names any more answer 404. */
  publish(tables: Record<string, DoubleTable>): void {
    this.tables = new Map(Object.entries(tables));
    this.generation += 1;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (request.headers.authorization !== `Bearer ${this.token}`) {
      return problem(response, 401, 'unauthorized', 'No valid token came with the request.', {
        'www-authenticate': 'Bearer',
      });
    }
    if (request.method !== 'GET') {
      this.complaints.push(`${request.method} ${path}`);
      return problem(response, 405, 'usage', 'Only GET.', { allow: 'GET' });
    }
    if (path === '/api/sync/manifest') return this.sendManifest(request, response);
    const part = /^\/api\/data\/([a-z_][a-z0-9_]{0,62})\/parts\/([0-9a-f]{64})$/.exec(path);
    if (part) return this.sendPart(request, response, part[1] as string, part[2] as string);
    this.complaints.push(`GET ${path}`);
    return problem(response, 404, 'not_found', `No such thing: ${path}`);
  }

  private sendManifest(request: IncomingMessage, response: ServerResponse): void {
    const tables = Object.fromEntries([...this.tables].map(([id, table]) => [id, describe(table)]));
    const manifest = this.editManifest({ tables });
    const etag = `"${sha256(Buffer.from(JSON.stringify(manifest)))}"`;
    if (request.headers['if-none-match'] === etag) {
      this.manifestAnswers.push(304);
      response.writeHead(304, { etag }).end();
      return;
    }
    this.manifestAnswers.push(200);
    const body = { ...(manifest as object), server_time: new Date().toISOString(), generation: this.generation };
    response.writeHead(200, { 'content-type': 'application/json', etag }).end(JSON.stringify(body));
  }

  private async sendPart(
    request: IncomingMessage,
    response: ServerResponse,
    table: string,
    hash: string,
  ): Promise<void> {
    const { range, 'if-range': ifRange } = request.headers as Record<string, string | undefined>;
    const count = 1 + this.partRequests.filter((one) => one.table === table && one.sha256 === hash).length;
    const asked: PartRequest = { table, sha256: hash, range, ifRange, count };
    this.partRequests.push(asked);
    const fault = await this.fault(asked);
    const bytes = this.tables.get(table)?.parts.find((part) => sha256(part.bytes) === hash)?.bytes;
    if (bytes === undefined) return problem(response, 404, 'not_found', `${table} has no part ${hash}.`);
    if (fault?.kind === 'status')
      return problem(response, fault.status, codes[fault.status] ?? 'server_error', 'Injected.', fault.headers);
    const etag = `"sha256:${hash}"`;
    let start = 0;
    if (range !== undefined && fault?.kind !== 'ignore_range') {
      start = this.rangeStart(range, bytes.length);
      if (start >= bytes.length) {
        return problem(response, 416, 'usage', 'Not satisfiable.', { 'content-range': `bytes */${bytes.length}` });
      }
      if (ifRange !== undefined && ifRange !== etag) start = 0;
    }
    await this.sendBytes(response, bytes, start, etag, fault);
  }

  private rangeStart(range: string, size: number): number {
    const start = /^bytes=(\d+)-$/.exec(range)?.[1];
    if (start === undefined) this.complaints.push(`Range: ${range}`);
    if (Number(start) === 0) this.complaints.push('a range that starts at 0');
    return Number(start ?? size);
  }

  private async sendBytes(
    response: ServerResponse,
    bytes: Buffer,
    start: number,
    etag: string,
    fault: Fault | null,
  ): Promise<void> {
    const headers = { etag, 'content-type': 'application/vnd.apache.parquet', 'accept-ranges': 'bytes' };
    let body = bytes.subarray(start);
    if (fault?.kind === 'extra') body = Buffer.concat([body, Buffer.alloc(fault.bytes)]);
    if (fault?.kind === 'flip' && fault.at >= start && fault.at < bytes.length) {
      body = Buffer.from(body);
      body.writeUInt8(body.readUInt8(fault.at - start) ^ 0xff, fault.at - start);
    }
    const length = { 'content-length': String(body.length) };
    if (start > 0) {
      const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
      response.writeHead(206, { ...headers, ...length, 'content-range': range });
    } else response.writeHead(200, { ...headers, ...length });
    const stop = fault?.kind === 'cut' || fault?.kind === 'stall' ? Math.min(fault.after, body.length) : body.length;
    for (let sent = 0; sent < stop; sent += this.chunk) {
      const piece = body.subarray(sent, Math.min(sent + this.chunk, stop));
      this.partBytes += piece.length;
      if (!response.write(piece)) await drained(response);
      if (response.destroyed) return;
    }
    if (fault?.kind === 'cut') setImmediate(() => response.destroy());
    else if (fault?.kind !== 'stall') response.end();
  }
}

const codes: Record<number, string> = { 401: 'unauthorized', 403: 'forbidden', 404: 'not_found' };

function describe(table: DoubleTable): unknown {
  const parts = table.parts.map(({ bytes, rows }) => ({ sha256: sha256(bytes), size_bytes: bytes.length, rows }));
  return {
    hash: hashOf(parts.map((part) => part.sha256)),
    updated: table.updated ?? '2026-01-31T12:00:00.000000Z',
    size_bytes: parts.reduce((sum, part) => sum + part.size_bytes, 0),
    rows: parts.reduce((sum, part) => sum + part.rows, 0),
    query_mode: table.query_mode ?? 'local',
    source: table.source ?? 'crm',
    columns: table.columns ?? [],
    parts: table.query_mode === 'remote' ? [] : parts,
  };
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

function hashOf(hashes: string[]): string {
  if (hashes.length === 1) return `sha256:${hashes[0]}`;
  return `sha256:${sha256(Buffer.from(hashes.map((hash) => `${hash}\n`).join('')))}`;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function problem(
  response: ServerResponse,
  status: number,
  code: string,
  detail: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
  response.end(JSON.stringify({ type: `https://example.com/errors/${code}`, title: code, status, code, detail }));
}
