/** What no careful client does: each one fails the test that saw it, not only the request. */
import type { JournalEntry } from './journal.ts';

export type ViolationKind =
  | 'unknown-route'
  | 'wrong-method'
  | 'missing-token'
  | 'token-in-url'
  | 'token-at-cloud'
  | 'unknown-field'
  | 'unknown-query'
  | 'unknown-include'
  | 'wrong-field-type'
  | 'wrong-content-type'
  | 'body-on-get'
  | 'branch-prefixed-job'
  | 'foreign-bucket'
  | 'unauthenticated-slice'
  | 'write-at-cloud'
  | 'credentials-after-redirect'
  | 'forbidden-host';

export interface Violation {
  kind: ViolationKind;
  detail: string;
  call: JournalEntry;
}

export class Violations {
  readonly list: Violation[] = [];

  record(kind: ViolationKind, detail: string, call: JournalEntry): void {
    this.list.push({ kind, detail, call });
  }

  /** Empties the list and returns what was in it: the test has looked at it. */
  acknowledge(): Violation[] {
    return this.list.splice(0);
  }

  assertNone(): void {
    if (this.list.length === 0) return;
    const lines = this.list.map(
      ({ kind, detail, call }) =>
        `  ${kind}: ${detail} (call ${call.n}: ${call.listener} ${call.method} ${call.route})`,
    );
    throw new Error(`The client broke the protocol ${this.list.length} time(s):\n${lines.join('\n')}`);
  }
}
