/** Puts a reply on the wire, well or (when a fault says so) badly. */
import { createReadStream } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { bodyBytes, bodyLength, type Reply } from './reply.ts';

/** How the bytes leave. */
export interface Wire {
  /** Destroy the connection before any header, after so many body bytes, or after the last byte of an unfinished body. */
  reset?: 'before-headers' | 'after-last-byte' | { afterBytes: number };
  /** Send nothing more, for ever, from this point on. */
  stall?: 'before-headers' | { afterBytes: number };
  drip?: { bytes: number; everyMs: number };
}

export async function sendReply(reply: Reply, wire: Wire, response: ServerResponse, headOnly: boolean): Promise<void> {
  if (wire.reset === 'before-headers') return void response.socket?.destroy();
  if (wire.stall === 'before-headers') return;
  const headers: Record<string, string> = { ...reply.headers };
  headers['content-length'] ??= String(bodyLength(reply));
  if (wire.reset === 'after-last-byte') delete headers['content-length'];
  response.writeHead(reply.status, headers);
  if (headOnly || reply.status === 204 || reply.status === 304) return void response.end();
  if (typeof wire.reset === 'object')
    return sendPart(response, bodyBytes(reply).subarray(0, wire.reset.afterBytes), true);
  if (typeof wire.stall === 'object')
    return sendPart(response, bodyBytes(reply).subarray(0, wire.stall.afterBytes), false);
  if (wire.reset === 'after-last-byte') return sendPart(response, bodyBytes(reply), true);
  if (wire.drip) return drip(response, bodyBytes(reply), wire.drip);
  if (Number(headers['content-length']) !== bodyLength(reply)) {
    return sendPart(response, bodyBytes(reply), true);
  }
  if (Buffer.isBuffer(reply.body)) return void response.end(reply.body);
  if (bodyLength(reply) === 0) return void response.end();
  const { path, start, end } = reply.body;
  await pipeline(createReadStream(path, { start, end: end - 1 }), response).catch(() => response.destroy());
}

/** Compresses a JSON answer for a client that says it can read gzip. */
export function compressReply(reply: Reply, acceptEncoding: string | undefined): Reply {
  if (!acceptEncoding?.includes('gzip') || bodyLength(reply) < 1000) return reply;
  return {
    ...reply,
    headers: { ...reply.headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' },
    body: gzipSync(bodyBytes(reply)),
  };
}

async function sendPart(response: ServerResponse, bytes: Buffer, destroy: boolean): Promise<void> {
  response.flushHeaders();
  await new Promise<void>((resolve) => {
    if (bytes.length === 0) resolve();
    else response.write(bytes, () => resolve());
  });
  if (!destroy) return;
  // The bytes must reach the client before the reset throws them away.
  await new Promise((resolve) => setTimeout(resolve, 20));
  response.socket?.destroy();
}

async function drip(response: ServerResponse, bytes: Buffer, pace: { bytes: number; everyMs: number }): Promise<void> {
  for (let at = 0; at < bytes.length && !response.destroyed; at += pace.bytes) {
    response.write(bytes.subarray(at, at + pace.bytes));
    await new Promise((resolve) => setTimeout(resolve, pace.everyMs));
  }
  response.end();
}
