/** Every key of a file of JSON objects: one that stands only in its last row is a column too. */
import { literal } from '../../duckdb/quote.ts';
import { fileList } from '../../duckdb/read-files.ts';
import type { Session } from '../../duckdb/session.ts';
import type { OpenedFile } from './inspect-file.ts';
import { largestArray, largestObject, objects, parseObject } from './json-piece.ts';
import type { Contract } from './options.ts';
import { isUtf8 } from './read-bytes.ts';

/** As many bytes are walked for the order in which keys appear; what only comes later is put in order of its name. */
const orderedBytes = 1 << 20;

/** The keys of the objects of the file. */
export async function jsonKeys(session: Session, opened: OpenedFile, contract: Contract): Promise<string[]> {
  const { file, format, packing } = opened;
  if (packing.complete) return [...(await walk(opened, contract))];
  // The read refuses it and says why.
  if (format === 'json' && file.size > largestArray) return [];
  // An array is walked as a whole or not at all.
  const ordered = format === 'json' ? new Set<string>() : await walk(opened, contract, orderedBytes);
  const readable = packing.marked === null && isUtf8(contract.encoding);
  const all = (readable ? await scan(session, opened) : null) ?? (await walk(opened, contract));
  return [...ordered, ...[...all].filter((key) => !ordered.has(key)).sort()];
}

/** All keys by DuckDB's reader, several times as fast as a walk; null where it cannot read the file, which the walk then does or explains. */
async function scan(session: Session, { file, format, packing }: OpenedFile): Promise<Set<string> | null> {
  const compression = packing.compression === 'none' ? 'uncompressed' : packing.compression;
  const form = format === 'json' ? "format = 'array'" : "format = 'newline_delimited', ignore_errors = true";
  try {
    const rows = await session.rows<{ key: string }>(
      `SELECT DISTINCT unnest(json_keys(json)) AS key FROM read_json_objects(${fileList(file.path)}, ${form}, compression = ${literal(compression)}, hive_partitioning = false, maximum_object_size = ${largestObject})`,
    );
    return new Set(rows.map((row) => row.key));
  } catch {
    return null;
  }
}

async function walk(opened: OpenedFile, contract: Contract, limit?: number): Promise<Set<string>> {
  const keys = new Set<string>();
  for await (const { text } of objects(opened, contract, limit)) {
    const object = parseObject(text);
    if (typeof object !== 'string') for (const key of Object.keys(object)) keys.add(key);
  }
  return keys;
}
