/** What the double saw: calls in order, and what a careful client never does. */
import type { Method } from './faults.ts';

export interface Call {
  method: Method;
  /** REST: path and query; gRPC: the table or stream. */
  target: string;
  body?: unknown;
}

export interface Journal {
  calls: Call[];
  /** Rules that were broken, such as a credential sent in plaintext. Tests expect none. */
  violations: string[];
  count(method: Method): number;
}

export function keepJournal(): Journal {
  const calls: Call[] = [];
  return { calls, violations: [], count: (method) => calls.filter((c) => c.method === method).length };
}
