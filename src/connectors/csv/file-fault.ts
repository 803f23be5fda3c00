/** The errors a file can cause, built in one place so that each names the file and what to do. */
import { AttacheError } from '../../errors/attache-error.ts';
import type { Options } from './options.ts';

/** The file is there and cannot be read as what it should be. */
export function badFile(
  file: string,
  what: string,
  hint = 'Replace the file by a whole one; the table keeps its data until then.',
): AttacheError {
  return new AttacheError('source_data', { message: `The file ${file} cannot be loaded: ${what}.`, hint });
}

/** The file was written to while it was read. */
export function changedWhileRead(file: string): AttacheError {
  return new AttacheError('source_data', {
    message: `The file ${file} changed while it was read.`,
    hint: 'The table keeps its data. The next run reads the file again once it rests.',
    retryable: true,
  });
}

/** What kept a listed file from being read; one that is gone by now changed since. */
export function asFileFault(name: string, thrown: unknown): AttacheError {
  if (thrown instanceof AttacheError) return thrown;
  const { code, message } = thrown as NodeJS.ErrnoException;
  return code === 'ENOENT' ? changedWhileRead(name) : badFile(name, message);
}

/** The registration asks for something that cannot work; `pointer` says where in it. */
export function badRequest(
  pointer: '/source_table' | `/options/${keyof Options}`,
  message: string,
  hint: string,
): AttacheError {
  return new AttacheError('options_invalid', { message, hint, faults: [{ pointer, message }] });
}

/** A system error on a file or folder, for people. */
export function unreadable(path: string, thrown: unknown): AttacheError {
  const { code, message } = thrown as NodeJS.ErrnoException;
  const reason =
    {
      ENOENT: 'it is not there',
      EACCES: 'the user that runs da may not read it',
      EPERM: 'the user that runs da may not read it',
      ENOTDIR: 'it is not a folder',
    }[code ?? ''] ?? message;
  return new AttacheError(code === 'EACCES' || code === 'EPERM' ? 'source_forbidden' : 'source_unreachable', {
    message: `${path} cannot be read: ${reason}.`,
    hint: 'Check the path, whether the disk is mounted, and the rights. The table keeps its data.',
    retryable: true,
    cause: thrown,
  });
}
