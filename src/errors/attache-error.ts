/** The one error class of the project: a stable code, what happened, what to do next, and whether a retry can help. */
import { type ErrorCode, errorCodes } from './codes.ts';
import { diskFault } from './disk-fault.ts';

interface ErrorFacts {
  /** What was tried, on what, and what came back; one or two sentences. */
  message: string;
  /** What to do next. */
  hint?: string;
  /** Whether trying again without a change can help; default false. */
  retryable?: boolean;
  /** One entry for each fault of the input, with a JSON pointer or a place where known. */
  faults?: Fault[];
  cause?: unknown;
}

/** One fault of an input: where, what, and optionally what was expected. */
export interface Fault {
  pointer: string;
  message: string;
}

/** The form in which an error crosses process and network borders. */
export interface ErrorRecord {
  code: ErrorCode;
  message: string;
  hint: string | null;
  retryable?: boolean;
  faults?: Fault[];
}

export class AttacheError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | null;
  readonly retryable: boolean;
  readonly faults: Fault[];

  constructor(code: ErrorCode, facts: ErrorFacts) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'AttacheError';
    this.code = code;
    this.hint = facts.hint ?? null;
    this.retryable = facts.retryable ?? false;
    this.faults = facts.faults ?? [];
  }

  get exitCode(): number {
    return errorCodes[this.code].exit;
  }

  get status(): number {
    return errorCodes[this.code].status;
  }
}

/** Any thrown value as an `AttacheError`; what the disk refused says so, the rest becomes `internal` and keeps its cause. */
export function toAttacheError(thrown: unknown, fallback: ErrorCode = 'internal'): AttacheError {
  if (thrown instanceof AttacheError) return thrown;
  const disk = fallback === 'internal' ? diskFault(thrown) : null;
  if (disk !== null) return new AttacheError(disk.code, { message: disk.message, hint: disk.hint, cause: thrown });
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AttacheError(fallback, { message, cause: thrown });
}

/** An error as plain data; the cause stays behind because it may hold what nobody outside should read. */
export function toErrorRecord(thrown: unknown): ErrorRecord {
  const error = toAttacheError(thrown);
  return {
    code: error.code,
    message: error.message,
    hint: error.hint,
    retryable: error.retryable,
    ...(error.faults.length > 0 ? { faults: error.faults } : {}),
  };
}

/** The error a record stands for, on the other side of a border. */
export function fromErrorRecord(record: ErrorRecord): AttacheError {
  const code = record.code in errorCodes ? record.code : 'internal';
  return new AttacheError(code, {
    message: record.message,
    ...(record.hint === null ? {} : { hint: record.hint }),
    retryable: record.retryable ?? false,
    faults: record.faults ?? [],
  });
}
