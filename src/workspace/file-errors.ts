/** Failures of the local disk as errors that say what can be done. */
import { AttacheError } from '../errors/attache-error.ts';

/** The error for a failed file operation in `directory`; what is not a file error passes through. */
export function asFolderError(thrown: unknown, directory: string): unknown {
  const { code } = (thrown ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AttacheError('disk_full', {
      message: `The disk of ${directory} is full.`,
      hint: 'Free some space and run `da sync` again: it goes on where it stopped.',
      cause: thrown,
    });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new AttacheError('not_writable', {
      message: `${directory} cannot be read or written: ${(thrown as Error).message}.`,
      hint: 'Check the folder’s owner and permissions, or name another one with --workspace.',
      cause: thrown,
    });
  }
  return thrown;
}
