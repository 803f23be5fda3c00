/** A file of JSON objects, one on each line or in one array, as a piece. Every value is read as text and becomes its type like a cell of CSV. */
import { isUtf8 as isUtf8Bytes } from 'node:buffer';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { fileLiteral, identifier, literal, structLiteral } from '../../duckdb/quote.ts';
import type { Session } from '../../duckdb/session.ts';
import type { OpenPiece, PieceWay } from '../read-way.ts';
import { openChecked } from './checked-rows.ts';
import { asFileFault, badFile, badRequest } from './file-fault.ts';
import { findTypes } from './find-types.ts';
import { type OpenedFile, textOf } from './inspect-file.ts';
import { keepLongNumbers, wholeLines } from './json-text.ts';
import { ensureUnchanged } from './list-files.ts';
import { settledNumber } from './number-types.ts';
import type { Contract } from './options.ts';
import { type BadRow, reject, shown } from './rewrite-carefully.ts';
import type { TableColumn } from './separated-piece.ts';
import { isShortage } from './separated-piece.ts';
import { plainNames, strictRelation } from './separated-relation.ts';

export const largestObject = 32 << 20;
/** An array is one value to a reader: it is not taken apart without bound. */
export const largestArray = 512 << 20;

export async function openJson(
  opened: OpenedFile,
  contract: Contract,
  columns: readonly TableColumn[],
  way: PieceWay,
): Promise<OpenPiece> {
  const { file, format } = opened;
  if (format === 'json' && file.size > largestArray) {
    throw badFile(
      file.name,
      'it is a JSON array of more than 512 MB',
      'Write it with one object on each line (NDJSON).',
    );
  }
  const placed = columns.map(({ type }, position) => ({ type, position }));
  const pipe = await way.pipe();
  const keys = columns.map((column) => column.name);
  const read = readJson(
    pipe.path,
    format === 'json' ? 'array' : 'newline_delimited',
    keys.map((key) => [key, "'VARCHAR'"]),
  );
  const text = `(SELECT ${keys.map((key, index) => `${identifier(key)} AS c${index}`).join(', ')} FROM ${read})`;
  return {
    relation: strictRelation(placed, contract, text),
    feed: async () => {
      for await (const lines of wholeLines(textOf(opened, contract.encoding))) {
        await pipe.write(Buffer.from(keepLongNumbers(lines), 'latin1'));
        way.progress(lines.length);
      }
      await pipe.end();
      return { rows: null };
    },
    recover: async (failure) => {
      await ensureUnchanged(file);
      if (failure === null || isShortage(failure)) return null;
      return openCarefully(opened, contract, keys, placed, way);
    },
  };
}

async function openCarefully(
  opened: OpenedFile,
  contract: Contract,
  keys: readonly string[],
  placed: { type: string; position: number }[],
  way: PieceWay,
): Promise<OpenPiece> {
  const { file } = opened;
  const target = join(way.scratch, 'careful.ndjson');
  const bad = await rewriteObjects(opened, contract, target).catch((thrown: unknown) => {
    throw asFileFault(file.name, thrown);
  });
  return openChecked({
    session: way.session,
    file,
    relation: rewrittenRows(target, keys),
    names: keys,
    placed,
    contract,
    bad,
    rawRows: async (wanted) => {
      const raws = new Map<number, string>();
      for await (const { line, text } of objects(opened, contract)) if (wanted.has(line)) raws.set(line, shown(text));
      return raws;
    },
  });
}

function readJson(
  path: string,
  format: 'array' | 'newline_delimited',
  columns: readonly (readonly [string, string])[],
): string {
  return `read_json(${fileLiteral(path)}, hive_partitioning = false, auto_detect = false, format = ${literal(format)}, records = 'true', compression = 'uncompressed', maximum_object_size = ${largestObject}, columns = ${structLiteral(columns)})`;
}

const rewrittenColumns = [
  ['line', "'BIGINT'"],
  ['row', "'JSON'"],
] as const;

/** The clean file of a careful reading as `line`, `c0`, `c1`, … */
function rewrittenRows(path: string, keys: readonly string[]): string {
  const cells = keys.map((key, index) => `json_extract_string("row", ${literal(pointer(key))}) AS c${index}`);
  return `(SELECT ${['"line"', ...cells].join(', ')} FROM ${readJson(path, 'newline_delimited', rewrittenColumns)})`;
}

/** A JSON pointer names every key, whatever it holds. */
const pointer = (key: string) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** Writes every line that holds an object, with its number. */
async function rewriteObjects(
  opened: OpenedFile,
  contract: Contract,
  target: string,
  look: { limit?: number; keys?: Set<string> } = {},
): Promise<BadRow[]> {
  const bad: BadRow[] = [];
  const out = createWriteStream(target);
  await once(out, 'open');
  try {
    for await (const { line, text } of objects(opened, contract, look.limit)) {
      const object = parseObject(text);
      if (typeof object === 'string') reject(opened.file.name, bad, { line, reason: object, raw: shown(text) });
      else for (const key of look.keys === undefined ? [] : Object.keys(object)) look.keys?.add(key);
      if (
        typeof object !== 'string' &&
        !out.write(`{"line":${line},"row":${keepLongNumbers(text.trim())}}\n`, 'latin1')
      )
        await once(out, 'drain');
    }
    out.end();
    await once(out, 'close');
    return bad;
  } finally {
    out.destroy();
  }
}

/** The lines that hold anything, until `limit` bytes are read. An array is taken apart first and counted by its elements. */
export async function* objects(
  opened: OpenedFile,
  contract: Contract,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<{ line: number; text: string }> {
  if (opened.format === 'json') {
    yield* elements(opened, contract);
    return;
  }
  let line = 0;
  let bytes = 0;
  for await (const lines of wholeLines(textOf(opened, contract.encoding))) {
    for (const text of lines.replace(/\n$/, '').split('\n')) {
      line += 1;
      if (text.trim() !== '') yield { line, text };
    }
    bytes += lines.length;
    if (bytes >= limit) return;
  }
}

async function* elements(opened: OpenedFile, contract: Contract): AsyncGenerator<{ line: number; text: string }> {
  const parts: string[] = [];
  for await (const lines of wholeLines(textOf(opened, contract.encoding))) parts.push(keepLongNumbers(lines, true));
  let values: unknown;
  try {
    values = JSON.parse(Buffer.from(parts.join(''), 'latin1').toString('utf8'));
  } catch (thrown) {
    throw badFile(opened.file.name, `it is not valid JSON (${(thrown as Error).message})`);
  }
  for (const [index, value] of (values as unknown[]).entries()) {
    yield { line: index + 1, text: Buffer.from(JSON.stringify(value)).toString('latin1') };
  }
}

/** The object a line holds, or why it holds none. */
export function parseObject(text: string): object | string {
  const bytes = Buffer.from(text, 'latin1');
  if (!isUtf8Bytes(bytes)) return 'bytes that are not valid UTF-8';
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : 'not a JSON object';
  } catch {
    return 'not valid JSON';
  }
}

/** Keys and types by the values of a sample. A number in quotes is text. */
export async function findJsonTypes(
  session: Session,
  scratch: string,
  opened: OpenedFile,
  contract: Contract,
  limit: number,
): Promise<{ names: string[]; types: (string | null)[] }> {
  const target = join(scratch, 'sample.ndjson');
  const found = new Set<string>();
  const bad = await rewriteObjects(opened, contract, target, { limit, keys: found });
  const keys = [...found];
  if (keys.length === 0) {
    const worst = bad[0];
    throw badRequest(
      '/source_table',
      `${opened.file.name} holds no JSON objects${worst === undefined ? '' : `; line ${worst.line} is ${worst.reason}`}.`,
      'Register a file with one JSON object on each line, or one array of objects.',
    );
  }
  const types = await findTypes(session, rewrittenRows(target, keys), plainNames(keys.length), contract);
  const isText = keys.map(
    (key, index) => `coalesce(bool_or(json_type("row", ${literal(pointer(key))}) = 'VARCHAR'), false) AS c${index}`,
  );
  const rows = readJson(target, 'newline_delimited', rewrittenColumns);
  const texts = await session.first<Record<string, boolean>>(`SELECT ${isText.join(', ')} FROM ${rows}`);
  return {
    names: keys,
    types: types.map((type, index) => {
      if (type === null) return null;
      if (texts?.[`c${index}`] === true && /^(?:NUMBER|DOUBLE|BOOLEAN)/.test(type)) return 'VARCHAR';
      // JSON drops zeros at the end, so that its numbers have no scale.
      return settledNumber(type).startsWith('DECIMAL') ? 'DOUBLE' : type;
    }),
  };
}
