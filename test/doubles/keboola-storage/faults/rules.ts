/** Which call is struck by which fault. */
import type { Incoming } from '../http/listener.ts';
import type { Reply } from '../http/reply.ts';
import type { Wire } from '../http/send.ts';
import type { JournalEntry, RouteName } from '../journal.ts';

/** What becomes of an export job that a struck `export` call creates. */
export interface JobFate {
  stuck?: 'waiting' | 'processing';
  error?: { code: string; message: string; exceptionId: string };
  /** The job answers 404 from its n-th poll on. */
  vanishAtPoll?: number;
  /** What a finished job shows instead of its true results. */
  results?: null | [];
}

/** One way a call goes wrong; every part is optional and they combine. */
export interface Fault {
  name: string;
  /** Something happens in the service just before the call is answered. */
  before?(request: Incoming): void | Promise<void>;
  /** Answered instead of the true reply. */
  replace?(request: Incoming): Reply;
  /** Damage to the true reply. */
  change?(reply: Reply, request: Incoming): Reply | Promise<Reply>;
  wire?: Wire;
  job?: JobFate;
}

export interface When {
  /** The first matching call that is struck, counted from 1. */
  nth?: number;
  /** How many matching calls in a row; Infinity for all from then on. */
  times?: number;
  where?(call: JournalEntry): boolean;
}

interface Rule {
  routes: RouteName[] | '*';
  fault: Fault;
  when: When;
  seen: number;
}

export class FaultRules {
  #rules: Rule[] = [];
  readonly #struck = new Map<number, Fault[]>();

  add(routes: RouteName | RouteName[] | '*', fault: Fault, when: When): void {
    this.#rules.push({ routes: routes === '*' || Array.isArray(routes) ? routes : [routes], fault, when, seen: 0 });
  }

  clear(): void {
    this.#rules = [];
  }

  /** The faults for this call; counts the call for every rule that matches it. */
  take(call: JournalEntry): Fault[] {
    const struck = this.#rules.filter((rule) => {
      if (rule.routes !== '*' && !rule.routes.includes(call.route)) return false;
      if (rule.when.where && !rule.when.where(call)) return false;
      rule.seen += 1;
      const first = rule.when.nth ?? 1;
      return rule.seen >= first && rule.seen < first + (rule.when.times ?? 1);
    });
    const faults = struck.map((rule) => rule.fault);
    this.#struck.set(call.n, faults);
    return faults;
  }

  jobFateOf(call: JournalEntry): JobFate {
    return Object.assign({}, ...(this.#struck.get(call.n) ?? []).map((fault) => fault.job ?? {}));
  }
}
