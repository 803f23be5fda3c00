/** Looks at the files of a table's parts: inside the folder, there, and of the size that is claimed. */
import { lstat, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, sep } from 'node:path';
import { type Finding, finding } from './findings.ts';
import type { Part } from './shapes.ts';

/** Why `path` cannot name a file inside an extract, or null when it can. Pure. */
function partPathFault(path: string): string | null {
  if (path === '') return 'it is empty';
  if (path.includes('\0')) return 'it holds a NUL character';
  if (path.includes('\\')) return 'it holds a backslash';
  if (/[*?[\]{}]/.test(path)) return 'it holds a character that DuckDB takes for a pattern';
  if (isAbsolute(path) || /^[a-z]+:/i.test(path)) return 'it is not relative';
  const steps = path.split('/');
  if (steps.some((step) => step === '' || step === '.' || step === '..')) return 'it holds an empty, "." or ".." step';
  return null;
}

/** What is wrong with the files of one table. Cheap: it reads no content. */
export async function examineParts(directory: string, table: string, parts: readonly Part[]): Promise<Finding[]> {
  const root = await realpath(directory);
  const folders = new Map<string, Promise<string | null>>();
  const findings = await Promise.all(parts.map((part) => examinePart(directory, root, table, part, folders)));
  return findings.filter((found) => found !== null);
}

async function examinePart(
  directory: string,
  root: string,
  table: string,
  part: Part,
  folders: Map<string, Promise<string | null>>,
): Promise<Finding | null> {
  const fault = partPathFault(part.path);
  if (fault !== null) return finding('part_path', table, `${JSON.stringify(part.path)}, ${fault}`);
  const file = join(directory, part.path);
  const found = await lstat(file).catch(() => null);
  if (found === null) return finding('part_missing', table, part.path);
  const parent = dirname(file);
  if (!folders.has(parent))
    folders.set(
      parent,
      realpath(parent).catch(() => null),
    );
  const real = found.isSymbolicLink() ? await realpath(file).catch(() => null) : await folders.get(parent);
  if (real == null) return finding('part_missing', table, part.path);
  if (real !== root && !real.startsWith(root + sep)) return finding('part_escapes', table, part.path);
  const target = found.isSymbolicLink() ? await stat(file) : found;
  if (!target.isFile()) return finding('part_missing', table, `${part.path} is not a file`);
  if (target.size !== part.size_bytes)
    return finding('part_size', table, `${part.path} has ${target.size} bytes, not ${part.size_bytes}`);
  return null;
}
