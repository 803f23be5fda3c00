/** Sends one HTTP request: no redirect is followed, no encoding undone behind our back, silence has a limit. */
import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { Agent, type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import { isForbiddenAddress, isForbiddenHost, isLoopback } from '../../machine-address.ts';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Readable;
}

interface Asked {
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
  signal: AbortSignal;
}

export interface Transport {
  /** To the stack the operator configured. */
  stack(url: string, asked: Asked): Promise<Answer>;
  /** To a cloud that an answer of the stack named. */
  cloud(url: string, asked: Asked): Promise<Answer>;
  close(): Promise<void>;
}

/** Thrown for a target that an answer of the stack must not lead to. */
export class ForbiddenTarget extends Error {}

/** `trusted` are origins an operator named himself; with a stack on this machine every target is his. */
export function openTransport(
  stackUrl: string,
  idleMs: number,
  trusted: readonly string[],
  connections: number,
): Transport {
  const timeouts = { headersTimeout: idleMs, bodyTimeout: idleMs, connectTimeout: Math.min(idleMs, 30_000) };
  const direct = new Agent({ ...timeouts, connections });
  const outside = new EnvHttpProxyAgent({ ...timeouts, connections });
  const guarded = new EnvHttpProxyAgent({ ...timeouts, connections, connect: { lookup: guardedLookup } });
  const ownStack = isLoopback(new URL(stackUrl).hostname);
  const origins = new Set(trusted.map((address) => new URL(address).origin));
  const near = (url: string) => isLoopback(new URL(url).hostname);
  return {
    stack: (url, asked) => send(near(url) ? direct : outside, url, asked),
    cloud: async (url, asked) => {
      const target = new URL(url);
      if (ownStack || origins.has(target.origin)) return send(near(url) ? direct : outside, url, asked);
      if (target.protocol !== 'https:' || isForbiddenHost(target.hostname))
        throw new ForbiddenTarget(`the answer of the stack leads to ${target.origin}`);
      return send(guarded, url, asked);
    },
    close: async () => {
      await Promise.all([direct, outside, guarded].map((agent) => agent.destroy()));
    },
  };
}

async function send(dispatcher: Dispatcher, url: string, { method, headers, body, signal }: Asked): Promise<Answer> {
  const answer = await request(url, {
    dispatcher,
    method: method ?? 'GET',
    headers: { 'user-agent': 'data-attache', ...headers },
    signal,
    ...(body === undefined ? {} : { body }),
  });
  return { status: answer.statusCode, headers: flat(answer.headers), body: answer.body };
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}

/** A name may resolve to this machine or its link: refused before a connection is opened. */
const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (failure, addresses) => {
    if (failure !== null) return callback(failure, '', 0);
    const forbidden = addresses.find(({ address }) => isForbiddenAddress(address));
    if (forbidden !== undefined)
      return callback(new ForbiddenTarget(`${hostname} resolves to ${forbidden.address}`), '', 0);
    if (options.all) return callback(null, addresses);
    const [first] = addresses;
    return callback(null, first?.address ?? '', first?.family ?? 0);
  });
};
