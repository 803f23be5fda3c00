/** The place where errors of the command line end: text for people, a document for programs, an exit code for both. */
import { toAttacheError, toErrorRecord } from '../errors/attache-error.ts';
import { redact } from '../errors/redact.ts';
import { printable } from './printable.ts';
import type { Terminal } from './terminal.ts';

/** Says what went wrong and returns the exit code. */
export async function reportError(thrown: unknown, terminal: Terminal, secrets: string[]): Promise<number> {
  const error = toAttacheError(thrown);
  const clean = (text: string) => printable(redact(text, secrets));
  terminal.complain(`${terminal.paint('red', 'error:')} ${clean(error.message)}`);
  // Some messages tell them already.
  for (const fault of error.faults.filter(({ message }) => !error.message.includes(message))) {
    terminal.complain(`  ${fault.pointer === '' ? '' : `${clean(fault.pointer)}: `}${clean(fault.message)}`);
  }
  if (error.hint !== null) terminal.complain(`  ${terminal.paint('dim', clean(error.hint))}`);
  if (error.code === 'internal' && error.cause instanceof Error) terminal.complain(clean(error.cause.stack ?? ''));
  if (terminal.json && !terminal.hasWritten) {
    const record = toErrorRecord(error);
    const faults = record.faults?.map(({ pointer, message }) => ({ pointer: clean(pointer), message: clean(message) }));
    await terminal.document({
      errors: [{ ...record, message: clean(record.message), ...(faults === undefined ? {} : { faults }) }],
    });
  }
  return error.exitCode;
}
