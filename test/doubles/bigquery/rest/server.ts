/** The HTTP side: plaintext, loopback only. Faults are applied here, around handlers that know nothing of them. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultAction } from '../control/faults.ts';
import { userProjectDenied } from '../control/permissions.ts';
import type { Service } from '../service.ts';
import { type Reply, replyText } from './reply.ts';
import { findRoute } from './routes.ts';
import { ServiceError } from './service-error.ts';

export interface RestServer {
  endpoint: string;
  stop(): Promise<void>;
}

export async function startRestServer(service: Service): Promise<RestServer> {
  const server: Server = createServer((request, response) => void answer(service, request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    stop: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://double');
  const found = findRoute(request.method ?? 'GET', url.pathname.replace(/^\/bigquery\/v2\//, ''));
  if (!found)
    return send(
      response,
      404,
      new ServiceError('notFound', `No such endpoint: ${request.method} ${url.pathname}`).body(),
    );
  const body = await readBody(request);
  checkCaller(service, request, found.route.method);
  service.journal.calls.push({
    method: found.route.method,
    target: url.pathname + url.search,
    ...(body ? { body } : {}),
  });
  const fault = service.faults.take(found.route.method);
  if (await failed(fault, response)) return;
  try {
    checkUserProject(service, request);
    const reply = await found.route.handle(service, { params: found.params, query: url.searchParams, body });
    if (fault.loseAnswer) response.socket?.destroy();
    else sendReply(response, spoiled(reply, fault, url), fault);
  } catch (error) {
    const known = error instanceof ServiceError ? error : brokenDouble(service, error);
    send(response, known.status, known.body());
  }
}

/** What no handler foresaw is a fault of the double: clients do not retry it, and tests see it among the violations. */
function brokenDouble(service: Service, error: unknown): ServiceError {
  const message = `the double failed: ${error instanceof Error ? error.message : String(error)}`;
  service.journal.violations.push(message);
  return new ServiceError('notImplemented', message);
}

/** A credential must not travel in plaintext, not even over loopback. */
function checkCaller(service: Service, request: IncomingMessage, method: string): void {
  if (request.headers.authorization)
    service.journal.violations.push(`${method}: a credential was sent to a plaintext endpoint`);
}

function checkUserProject(service: Service, request: IncomingMessage): void {
  const project = request.headers['x-goog-user-project'];
  if (typeof project === 'string' && !service.permissions.allows('serviceusage.services.use', project))
    throw userProjectDenied(project);
}

async function failed(fault: FaultAction, response: ServerResponse): Promise<boolean> {
  await fault.meanwhile?.();
  if (fault.delayMs) await sleep(fault.delayMs, undefined, { ref: false });
  if (fault.hang) return true;
  if (fault.reset) {
    response.socket?.destroy();
    return true;
  }
  if (fault.raw) {
    response.writeHead(fault.raw.status, { 'content-type': 'text/html' });
    response.end(fault.raw.body);
    return true;
  }
  if (!fault.http) return false;
  const { status, reason, message, details } = fault.http;
  send(response, status, new ServiceError(reason, message, { status, ...(details ? { details } : {}) }).body());
  return true;
}

/** A page as a faulty service would hand it out. */
function spoiled(reply: Reply, fault: FaultAction, url: URL): Reply {
  let { body, rows } = reply;
  if (fault.dropRows && rows) rows = rows.slice(0, Math.max(0, rows.length - fault.dropRows));
  const token = url.searchParams.get('pageToken');
  if (fault.repeatPageToken && token) body = { ...body, pageToken: token };
  return rows ? { body, rows } : { body };
}

function sendReply(response: ServerResponse, reply: Reply, fault: FaultAction): void {
  const json = Buffer.from(replyText(reply));
  const sent = fault.truncate ? json.subarray(0, Math.floor(json.length / 2)) : json;
  response.writeHead(200, { 'content-type': 'application/json; charset=UTF-8', 'content-length': sent.length });
  response.end(sent);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
  response.end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? undefined : JSON.parse(text);
}
