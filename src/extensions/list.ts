/** What lies in the extension folders, judged file by file, with what somebody wants and is not there. */
import { readdir } from 'node:fs/promises';
import { extensionFileName } from '../duckdb/extension-names.ts';
import { type ExtensionProbe, probeExtension } from '../duckdb/probe-extension.ts';

export async function listExtensions(
  directories: readonly string[],
  wanted: Iterable<string>,
): Promise<ExtensionProbe[]> {
  const there = await Promise.all(directories.map(namesBelow));
  const names = new Set([...[...wanted].map(extensionFileName), ...there.flat()]);
  return Promise.all([...names].sort().map((name) => probeExtension(name, directories)));
}

/** Folders lie two levels deep: version, then platform. */
async function namesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.flatMap((entry) => /^([a-z][a-z0-9_]*)\.duckdb_extension(\.gz)?$/.exec(entry.name)?.[1] ?? []);
}
