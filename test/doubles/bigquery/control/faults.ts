/** Scripted faults: which call of which method fails, and how. */

/** REST methods by their discovery names, gRPC methods by their service names, and 'job' for what a running job does. */
export type Method =
  | 'projects.list'
  | 'datasets.list'
  | 'datasets.get'
  | 'tables.list'
  | 'tables.get'
  | 'tables.testIamPermissions'
  | 'tabledata.list'
  | 'jobs.insert'
  | 'jobs.query'
  | 'jobs.get'
  | 'jobs.list'
  | 'jobs.cancel'
  | 'jobs.delete'
  | 'jobs.getQueryResults'
  | 'CreateReadSession'
  | 'ReadRows'
  | 'SplitReadStream'
  | 'job';

export interface FaultAction {
  /** REST: answer with this error instead. */
  http?: { status: number; reason: string; message: string; details?: unknown[] };
  /** REST: answer with this text instead, as a proxy or a broken service would. */
  raw?: { status: number; body: string };
  /** Something happens first. */
  meanwhile?: () => void | Promise<void>;
  /** REST: do what was asked, then cut the connection: the answer is lost. */
  loseAnswer?: boolean;
  /** Wait before answering. */
  delayMs?: number;
  /** Never answer; the connection stays open. */
  hang?: boolean;
  /** Cut the connection without an answer. */
  reset?: boolean;
  /** REST: cut the JSON of the answer in the middle, with a matching content-length. */
  truncate?: boolean;
  /** REST pages: leave out this many rows at the end; totalRows and pageToken keep claiming them. */
  dropRows?: number;
  /** REST pages: hand out the token of this very page again. */
  repeatPageToken?: boolean;
  /** gRPC: fail with this status, after so many messages of the call (0 at once). */
  grpc?: { code: number; message: string; afterMessages?: number };
  /** ReadRows: send so many messages, then nothing, with the call left open. */
  wedgeAfterMessages?: number;
  /** ReadRows: leave out the message with this index. */
  loseMessage?: number;
  /** ReadRows: send the message with this index twice. */
  repeatMessage?: number;
  /** ReadRows: begin this many rows before the asked offset, or after it when negative. */
  shiftOffset?: number;
  /** Jobs: run at least this long. */
  jobTakesMs?: number;
  /** Jobs: end with this error. */
  jobFails?: { reason: string; message: string };
  /** Jobs: a cancel is accepted at once but takes effect only later. */
  cancelTakesMs?: number;
}

export interface Fault {
  on: Method;
  /** Which call from now on, counted from 1. */
  nth?: number;
  /** How many calls in a row; default 1. */
  times?: number;
  do: FaultAction;
}

export interface Faults {
  add(fault: Fault): void;
  /** Counts the call and says what goes wrong with it. */
  take(method: Method): FaultAction;
  /** How many calls met a fault so far. */
  met(): number;
  clear(): void;
}

export function scriptFaults(): Faults {
  let scripted: { fault: Fault; seen: number }[] = [];
  let met = 0;
  return {
    add: (fault) => scripted.push({ fault, seen: 0 }),
    take: (method) => {
      const due = scripted.filter((s) => s.fault.on === method).filter((s) => isDue(s));
      if (due.length > 0) met++;
      return Object.assign({}, ...due.map((s) => s.fault.do)) as FaultAction;
    },
    met: () => met,
    clear: () => {
      scripted = [];
    },
  };
}

function isDue(script: { fault: Fault; seen: number }): boolean {
  script.seen++;
  const first = script.fault.nth ?? 1;
  return script.seen >= first && script.seen < first + (script.fault.times ?? 1);
}
