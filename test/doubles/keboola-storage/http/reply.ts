/** What a listener answers, before it becomes bytes on a socket. */
import { readFileSync } from 'node:fs';

interface FileRange {
  path: string;
  start: number;
  /** Exclusive. */
  end: number;
}

export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: Buffer | FileRange;
}

export function jsonReply(status: number, value: unknown, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: Buffer.from(JSON.stringify(value)),
  };
}

export function textReply(status: number, contentType: string, text: string): Reply {
  return { status, headers: { 'content-type': contentType }, body: Buffer.from(text) };
}

export function bodyLength(reply: Reply): number {
  return Buffer.isBuffer(reply.body) ? reply.body.length : reply.body.end - reply.body.start;
}

export function bodyBytes(reply: Reply): Buffer {
  if (Buffer.isBuffer(reply.body)) return reply.body;
  return readFileSync(reply.body.path).subarray(reply.body.start, reply.body.end);
}
