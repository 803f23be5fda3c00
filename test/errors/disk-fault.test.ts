import { expect, test } from 'vitest';
import { toAttacheError } from '../../src/errors/attache-error.ts';

const ofSystem = (code: string, syscall: string) =>
  Object.assign(new Error(`${code}: it said no, ${syscall}`), { code, syscall });

test.each([
  ['a full disk', ofSystem('ENOSPC', 'write'), 'disk_full'],
  ['a quota', ofSystem('EDQUOT', 'write'), 'disk_full'],
  ['a read-only disk', ofSystem('EROFS', 'open'), 'not_writable'],
  ['a file where a folder should be', ofSystem('ENOTDIR', 'mkdir'), 'not_writable'],
  ['a full disk in the words of DuckDB', new Error('IO Error: Could not write: No space left on device'), 'disk_full'],
  ['a forbidden port', ofSystem('EACCES', 'listen'), 'internal'],
  ['a defect', new TypeError('x is not a function'), 'internal'],
])('%s is told as what it is', (_, thrown, code) => {
  expect(toAttacheError(thrown)).toMatchObject({ code, cause: thrown });
});

test('who knows the kind of failure keeps the last word', () => {
  expect(toAttacheError(ofSystem('EACCES', 'open'), 'source_data').code).toBe('source_data');
});
