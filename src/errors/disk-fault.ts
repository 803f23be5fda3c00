/** What the system says of a disk or a folder, as an error of ours. */
import type { ErrorCode } from './codes.ts';

export interface DiskFault {
  code: ErrorCode;
  message: string;
  hint: string;
}

const full = {
  code: 'disk_full',
  hint: 'Free some disk space and try again; what was live before still is.',
} as const;

const notWritable = {
  code: 'not_writable',
  hint: 'Check that the folder is one, and its owner and permissions, or name another one.',
} as const;

const byErrno: Record<string, typeof full | typeof notWritable> = {
  ENOSPC: full,
  EDQUOT: full,
  EACCES: notWritable,
  EPERM: notWritable,
  EROFS: notWritable,
  ENOTDIR: notWritable,
  EISDIR: notWritable,
};

/** As DuckDB passes the system's words on. */
const byText = [
  [/No space left on device/, full],
  [/Read-only file system|Permission denied|Not a directory/, notWritable],
] as const;

/** Null when the disk has nothing to do with it. */
export function diskFault(thrown: unknown): DiskFault | null {
  if (!(thrown instanceof Error)) return null;
  const { code, syscall, message } = thrown as NodeJS.ErrnoException;
  // A port may be forbidden, too.
  const ofNetwork = syscall === 'listen' || syscall === 'bind' || syscall === 'connect';
  const found =
    code !== undefined ? byErrno[ofNetwork ? '' : code] : byText.find(([pattern]) => pattern.test(message))?.[1];
  return found === undefined ? null : { ...found, message: `The disk did not take it: ${message}.` };
}
