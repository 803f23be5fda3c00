/** The HTTP side: reads a call, lets the planned fault have its way, answers, keeps the books. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ControlParts } from '../control.ts';
import { answerCall, locateCall, type RestAnswer } from './answer-call.ts';
import type { Fault } from './faults.ts';
import { createRateLimit } from './rate-limit.ts';

export interface RestServer {
  url: string;
  stop(): Promise<void>;
}

export async function startRestServer(server: Server): Promise<RestServer> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function createRestServer(parts: ControlParts): Server {
  const rateLimit = createRateLimit(parts.rest.site.options.rateLimit);
  return createServer((request, response) => {
    serve(parts, rateLimit, request, response).catch((error: unknown) => {
      parts.rest.violate(`the double failed: ${String(error)}`);
      response.writeHead(500).end(JSON.stringify({ errorMessages: [String(error)] }));
    });
  });
}

async function serve(
  parts: ControlParts,
  rateLimit: ReturnType<typeof createRateLimit>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readAll(request);
  const { method = 'GET', url = '/' } = request;
  const call = locateCall(parts, { method, url, authorization: request.headers.authorization, body });
  const fault = parts.faultFor(call.name);
  fault?.before?.();
  if (fault?.delayMilliseconds) await new Promise((resolve) => setTimeout(resolve, fault.delayMilliseconds));
  const answer = answerCall(parts, call, rateLimit);
  const [path, query = ''] = url.split('?');
  const status = fault?.drop ? 0 : (fault?.answer?.status ?? answer.status);
  parts.control.calls.push({ route: answer.route, method, path: path!, query, body: parseOrText(body), status });
  if (fault?.drop) return void request.socket.destroy();
  send(response, answer, fault);
}

function send(response: ServerResponse, answer: RestAnswer, fault: Fault | undefined): void {
  if (fault?.answer) {
    response.writeHead(fault.answer.status, fault.answer.headers).end(fault.answer.text);
    return;
  }
  const right = answer.status === 200 && fault?.rewrite ? fault.rewrite(answer.body) : answer.body;
  const text = JSON.stringify(right);
  const shown = fault?.cutAt === undefined ? text : text.slice(0, fault.cutAt);
  response.writeHead(answer.status, { 'Content-Type': 'application/json;charset=UTF-8', ...answer.headers }).end(shown);
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function parseOrText(body: string): unknown {
  try {
    return body === '' ? undefined : JSON.parse(body);
  } catch {
    return body;
  }
}
