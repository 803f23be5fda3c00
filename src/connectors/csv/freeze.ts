/** Looks at the files of a table once and fixes how they are read from then on. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probe } from '../../duckdb/probe.ts';
import type { Session } from '../../duckdb/session.ts';
import { badRequest } from './file-fault.ts';
import { findDialect } from './find-dialect.ts';
import { commonType, findTypes } from './find-types.ts';
import { headText, type OpenedFile, openFile, readSeparatedHead } from './inspect-file.ts';
import { findJsonTypes } from './json-piece.ts';
import type { FoundFile } from './list-files.ts';
import { type Contract, contractDefaults, type Options } from './options.ts';
import { describeParquet } from './parquet-piece.ts';
import { readPacking } from './read-bytes.ts';
import { rewriteCarefully } from './rewrite-carefully.ts';
import { misfits, plainNames, readRewritten } from './separated-relation.ts';
import { canonicalType } from './text-types.ts';

export interface Frozen {
  contract: Contract;
  /** Column names in the order of the files. */
  order: string[];
  notes: string[];
}

/** Content that is looked at, over all files. */
const sampleBytes = 64 << 20;
const sampleFiles = 50;

interface Facts {
  names: string[];
  types: (string | null)[];
  notes: string[];
}

/** Freezes what `given` leaves open. Throws `options_invalid` for a file that makes no sense as a table. */
export async function freeze(files: readonly FoundFile[], given: Options): Promise<Frozen> {
  const scratch = await mkdtemp(join(tmpdir(), 'da-settle-'));
  try {
    return await probe((session) => freezeIn(session, scratch, files, given));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function freezeIn(
  session: Session,
  scratch: string,
  files: readonly FoundFile[],
  given: Options,
): Promise<Frozen> {
  const first = await openFile(files[0]!);
  const wanted = Object.fromEntries(
    Object.entries(given.types ?? {}).map(([name, type]) => [
      name,
      first.format === 'parquet' ? type : canonicalType(type),
    ]),
  );
  const dialect =
    first.format === 'csv' ? await findDialect(first, given) : { encoding: 'utf-8', delimiter: ',', notes: [] };
  const contract: Contract = {
    ...contractDefaults(given),
    delimiter: dialect.delimiter,
    encoding: dialect.encoding,
    types: wanted,
  };
  const order: string[] = [];
  const found = new Map<string, string | null>();
  const notes = [...dialect.notes];
  let left = sampleBytes;
  for (const file of files.slice(0, sampleFiles)) {
    if (left <= 0) break;
    const opened = file === files[0] ? first : await openFile(file);
    const facts = await factsOf(session, scratch, opened, contract, Math.min(left, sampleBytes), Object.keys(wanted));
    left -= file.size;
    notes.push(...facts.notes.filter((note) => !notes.includes(note)));
    for (const [index, name] of facts.names.entries()) {
      const known = order.find((other) => other.toLowerCase() === name.toLowerCase());
      if (known === undefined) order.push(name);
      const key = known ?? name;
      found.set(key, commonType(found.get(key) ?? null, facts.types[index] ?? null));
    }
  }
  const types: Record<string, string> = {};
  for (const name of order) types[name] = wantedType(wanted, name) ?? found.get(name) ?? 'VARCHAR';
  const unknown = Object.keys(wanted).filter(
    (name) => !order.some((other) => other.toLowerCase() === name.toLowerCase()),
  );
  if (unknown.length > 0) {
    throw badRequest(
      `\`types\` names columns that ${files[0]!.name} does not have: ${unknown.join(', ')}; it has ${order.join(', ')}.`,
      'Correct the names in `types`.',
    );
  }
  return { contract: { ...contract, types }, order, notes };
}

function wantedType(wanted: Record<string, string>, name: string): string | undefined {
  return wanted[name] ?? Object.entries(wanted).find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
}

async function factsOf(
  session: Session,
  scratch: string,
  opened: OpenedFile,
  contract: Contract,
  bytes: number,
  given: string[],
): Promise<Facts> {
  if (opened.format === 'parquet') {
    const columns = await describeParquet(session, opened.file);
    return { names: columns.map((column) => column.name), types: columns.map((column) => column.type), notes: [] };
  }
  if (opened.format !== 'csv')
    return { ...(await findJsonTypes(session, scratch, opened, contract, bytes)), notes: [] };
  return separatedFacts(session, scratch, opened, contract, bytes, given);
}

async function separatedFacts(
  session: Session,
  scratch: string,
  opened: OpenedFile,
  contract: Contract,
  bytes: number,
  given: string[],
): Promise<Facts> {
  const { file } = opened;
  const head = await readSeparatedHead(opened, contract, []);
  checkHeader(file.name, head.names, contract, given);
  const width = head.names.length;
  const target = join(scratch, 'sample.csv');
  const packing = opened.packing.complete ? opened.packing : await readPacking(file.path, file.name, bytes);
  const text = wholeLines(headText(packing, contract.encoding), packing.complete);
  const rewritten = await rewriteCarefully(file.name, text, {
    dialect: head.dialect,
    contract,
    width,
    target,
    decodedText: false,
  });
  const total = rewritten.rows + rewritten.bad.length;
  const worst = rewritten.bad[0];
  const notes = [...head.notes.map((note) => `${file.name}: ${note}`)];
  if (worst !== undefined) {
    const say = `${rewritten.bad.length} of ${total} rows of ${file.name} do not fit ${width} columns separated by ${JSON.stringify(contract.delimiter)}, the first on line ${worst.line}: ${worst.reason}`;
    if (rewritten.bad.length > total / 2) {
      throw badRequest(
        `The file makes no sense as a table: ${say}.`,
        'Give delimiter, quote, skip, comment or encoding as they are in the file.',
      );
    }
    notes.push(say);
  }
  if (rewritten.rows === 0) return { names: head.names, types: head.names.map(() => null), notes };
  const relation = readRewritten(target, plainNames(width), rewritten);
  await checkGivenTypes(session, relation, file.name, head.names, contract, total);
  const types = await findTypes(session, relation, plainNames(width), contract);
  return { names: head.names, types, notes };
}

/** A part of a file ends somewhere in a row; that row is left out. */
async function* wholeLines(text: AsyncIterable<Buffer>, complete: boolean): AsyncGenerator<Buffer> {
  for await (const chunk of text) yield complete ? chunk : chunk.subarray(0, chunk.lastIndexOf(10) + 1);
}

/** A first line of values alone is data: the file has no header, unless somebody says so. */
function checkHeader(file: string, names: readonly string[], contract: Contract, given: string[]): void {
  const isValue = (name: string) => /^-?\d+([.,]\d+)?$|^\d{4}-\d{2}-\d{2}/.test(name);
  if (!contract.header || given.length > 0 || !names.every((name) => isValue(name) || /^column_\d+$/.test(name)))
    return;
  throw badRequest(
    `The first line of ${file} holds no column names but values: ${names.slice(0, 5).join(', ')}.`,
    'Set `header` to false when the file has no header, `skip` when it begins later, or name the columns in `types`.',
  );
}

/** Types people asked for must hold for most of the rows; else the request is wrong, not the rows. */
async function checkGivenTypes(
  session: Session,
  relation: string,
  file: string,
  names: readonly string[],
  contract: Contract,
  total: number,
): Promise<void> {
  const placed = names.map((name, position) => ({ type: wantedType(contract.types, name) ?? 'VARCHAR', position }));
  if (placed.every(({ type }) => type === 'VARCHAR')) return;
  const row = await session.first<{ n: string; line: string; misfit: number }>(
    `SELECT count(*) AS n, min_by(line, line::BIGINT) AS line, min_by(m[1], line::BIGINT) AS misfit FROM (SELECT line, ${misfits(placed, contract)} AS m FROM ${relation}) WHERE len(m) > 0`,
  );
  const bad = Number(row?.n ?? 0);
  if (bad <= total / 2) return;
  const index = Number(row?.misfit ?? 0);
  throw badRequest(
    `${bad} of ${total} rows of ${file} do not fit the given types, the first on line ${row?.line}: column ${names[index]} is not ${placed[index]?.type}.`,
    'Correct `types`, `decimal`, `date_format` or `null_values`.',
  );
}
