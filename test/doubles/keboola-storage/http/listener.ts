/** One loopback HTTP server: reads a request, names its route, asks the faults, answers. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { FaultRules } from '../faults/rules.ts';
import type { Journal, JournalEntry, ListenerName, RouteName } from '../journal.ts';
import type { Reply } from './reply.ts';
import { textReply } from './reply.ts';
import { compressReply, sendReply } from './send.ts';

export interface Incoming {
  listener: ListenerName;
  method: string;
  /** Path as sent, still encoded. */
  rawPath: string;
  /** Query as sent, without the question mark. */
  rawQuery: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  body: Buffer;
  entry: JournalEntry;
}

interface Identified {
  route: RouteName;
  params: Record<string, string>;
}

export interface Listening {
  name: ListenerName;
  compress: boolean;
  identify(method: string, rawPath: string, query: URLSearchParams): Identified;
  /** Records violations; runs even when a fault answers instead. */
  inspect(request: Incoming): void;
  answer(request: Incoming): Promise<Reply>;
}

export interface Surroundings {
  clock: Clock;
  journal: Journal;
  faults: FaultRules;
  settings: { latencyMs: number };
}

export class Listener {
  readonly #server: Server;
  readonly url: string;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async open(listening: Listening, surroundings: Surroundings): Promise<Listener> {
    const server = createServer({ keepAliveTimeout: 60_000 }, (message, response) => {
      message.on('error', () => {});
      response.on('error', () => {});
      converse(message, listening, surroundings)
        .then(async ({ reply, wire, entry }) => {
          const { latencyMs } = surroundings.settings;
          if (latencyMs > 0 && listening.name === 'storage') await sleep(latencyMs);
          if (wire.reset !== 'before-headers' && wire.stall !== 'before-headers') entry.status = reply.status;
          await sendReply(reply, wire, response, message.method === 'HEAD');
        })
        .catch((error: unknown) => {
          response.destroy(error as Error);
        });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Listener(server);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function converse(message: IncomingMessage, listening: Listening, { clock, journal, faults }: Surroundings) {
  const request = await readRequest(message, listening, clock, journal);
  const struck = faults.take(request.entry);
  request.entry.faults.push(...struck.map((fault) => fault.name));
  for (const fault of struck) await fault.before?.(request);
  listening.inspect(request);
  const replaced = struck.find((fault) => fault.replace)?.replace?.(request);
  let reply = replaced ?? (await answerOrExplain(listening, request));
  for (const fault of struck) if (fault.change) reply = await fault.change(reply, request);
  if (listening.compress && struck.length === 0) reply = compressReply(reply, request.headers['accept-encoding']);
  return { reply, wire: Object.assign({}, ...struck.map((fault) => fault.wire ?? {})), entry: request.entry };
}

async function answerOrExplain(listening: Listening, request: Incoming): Promise<Reply> {
  try {
    return await listening.answer(request);
  } catch (error) {
    // A bug of the double itself must be readable in the test that met it.
    return textReply(599, 'text/plain', `double failed: ${(error as Error).stack}`);
  }
}

async function readRequest(
  message: IncomingMessage,
  listening: Listening,
  clock: Clock,
  journal: Journal,
): Promise<Incoming> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const method = message.method ?? 'GET';
  const target = message.url ?? '/';
  const cut = target.indexOf('?');
  const rawPath = cut < 0 ? target : target.slice(0, cut);
  const rawQuery = cut < 0 ? '' : target.slice(cut + 1);
  const query = new URLSearchParams(rawQuery);
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  );
  const { route, params } = listening.identify(method, rawPath, query);
  const entry = journal.add({
    at: clock.now(),
    listener: listening.name,
    route,
    method,
    target,
    params,
    headers,
    body: body.toString('utf8'),
  });
  return { listener: listening.name, method, rawPath, rawQuery, query, headers, body, entry };
}
