/** Looks at the files of a table once and fixes how they are read from then on. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { probe } from '../../duckdb/probe.ts';
import type { Session } from '../../duckdb/session.ts';
import { badRequest } from './file-fault.ts';
import { findDialect } from './find-dialect.ts';
import { commonType, findTypes } from './find-types.ts';
import { headText, type OpenedFile, openFile, readSeparatedHead } from './inspect-file.ts';
import { findJsonTypes } from './json-piece.ts';
import type { FoundFile } from './list-files.ts';
import { settledNumber } from './number-types.ts';
import { type Contract, contractDefaults, type Options } from './options.ts';
import { describeParquet } from './parquet-piece.ts';
import { isUtf8, type Packing, readPacking } from './read-bytes.ts';
import { rewriteCarefully } from './rewrite-carefully.ts';
import { samplePlaces } from './sample-places.ts';
import { misfits, plainNames, readRewritten } from './separated-relation.ts';
import { canonicalType } from './text-types.ts';

export interface Frozen {
  contract: Contract;
  /** Column names in the order of the files. */
  order: string[];
  notes: string[];
}

/** Content that is looked at, over all files: a careful look costs a third of a second for each megabyte. */
const sampleBytes = 8 << 20;
const sampleFiles = 50;
/** The beginning that is read where less of it holds no whole row. */
const longestBeginning = 64 << 20;

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
    first.format === 'csv'
      ? await findDialect(first, given)
      : { encoding: 'utf-8', delimiter: ',', notes: [] as string[] };
  const contract: Contract = {
    ...contractDefaults(given),
    delimiter: dialect.delimiter,
    encoding: dialect.encoding,
    ...(dialect.skip === undefined ? {} : { skip: dialect.skip }),
    types: wanted,
  };
  const order: string[] = [];
  const found = new Map<string, string | null>();
  const notes = [...dialect.notes];
  const looked = spread(files, sampleFiles);
  let left = sampleBytes;
  for (const [index, file] of looked.entries()) {
    const opened = file === files[0] ? first : await openFile(file);
    const share = Math.floor(left / (looked.length - index));
    const facts = await factsOf(session, scratch, opened, contract, share, Object.keys(wanted));
    left -= Math.min(share, file.size);
    notes.push(...facts.notes.filter((note) => !notes.includes(note)));
    for (const [index, name] of facts.names.entries()) {
      const known = order.find((other) => other.toLowerCase() === name.toLowerCase());
      if (known === undefined) order.push(name);
      const key = known ?? name;
      found.set(key, commonType(found.get(key) ?? null, facts.types[index] ?? null));
    }
  }
  const types: Record<string, string> = {};
  for (const name of order) types[name] = wantedType(wanted, name) ?? settledNumber(found.get(name) ?? 'VARCHAR');
  const unknown = Object.keys(wanted).filter(
    (name) => !order.some((other) => other.toLowerCase() === name.toLowerCase()),
  );
  if (unknown.length > 0) {
    throw badRequest(
      '/options/types',
      `\`types\` names columns that ${files[0]!.name} does not have: ${unknown.join(', ')}; it has ${order.join(', ')}.`,
      'Correct the names in `types`.',
    );
  }
  const exact = order.filter(
    (name) =>
      types[name] !== found.get(name) && /^DECIMAL/.test(types[name] ?? '') && wantedType(wanted, name) === undefined,
  );
  if (exact.length > 0) notes.push(decimalNote(exact));
  return { contract: { ...contract, types }, order, notes };
}

function decimalNote(names: readonly string[]): string {
  return `all numbers of ${names.join(', ')} have the same digits behind the point and are kept exactly: a later one with more is rejected, unless \`types\` names DOUBLE or VARCHAR`;
}

function wantedType(wanted: Record<string, string>, name: string): string | undefined {
  return wanted[name] ?? Object.entries(wanted).find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
}

/** At most `count` of them, from the first to the last. */
function spread<T>(all: readonly T[], count: number): T[] {
  if (all.length <= count) return [...all];
  return Array.from({ length: count }, (_, index) => all[Math.round((index * (all.length - 1)) / (count - 1))]!);
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
  const sample = await sampleOf(opened, contract, bytes);
  const rewrite = (from: Packing, target: string) =>
    rewriteCarefully(file.name, headText(from, contract.encoding), {
      dialect: head.dialect,
      contract,
      width,
      target: join(scratch, target),
      decodedText: false,
      cut: !from.complete,
    });
  let rewritten = await rewrite(sample, 'sample.csv');
  const beginsLong = rewritten.rows + rewritten.bad.length === 0 && !sample.complete;
  if (beginsLong) rewritten = await rewrite(await readPacking(file.path, file.name, longestBeginning), 'sample.csv');
  const total = rewritten.rows + rewritten.bad.length;
  const worst = rewritten.bad[0];
  const notes = [...head.notes.map((note) => `${file.name}: ${note}`)];
  if (worst !== undefined) {
    const say = `${rewritten.bad.length} of ${total} rows of ${file.name} do not fit ${width} columns separated by ${JSON.stringify(contract.delimiter)}, the first on line ${worst.line}: ${worst.reason}`;
    if (rewritten.bad.length > total / 2) {
      throw badRequest(
        '/source_table',
        `The file makes no sense as a table: ${say}.`,
        'Give delimiter, quote, skip, comment or encoding as they are in the file.',
      );
    }
    notes.push(say);
  }
  if (rewritten.rows === 0) return { names: head.names, types: head.names.map(() => null), notes };
  const names = plainNames(width);
  const relation = readRewritten(join(scratch, 'sample.csv'), names, rewritten);
  await checkGivenTypes(session, relation, file.name, head.names, contract, total);
  if (sample.complete || !isSeekable(opened, contract))
    return { names: head.names, types: await findTypes(session, relation, names, contract), notes };
  const from = Math.min(sample.head.length, file.size);
  const places = await samplePlaces(file, { from, bytes: bytes - from, width }, head.dialect, contract);
  const inside = await rewriteCarefully(file.name, Readable.from(places), {
    dialect: head.dialect,
    contract: { ...contract, header: false, skip: 0 },
    width,
    target: join(scratch, 'places.csv'),
    decodedText: false,
  });
  const both = `(FROM ${relation} UNION ALL FROM ${readRewritten(join(scratch, 'places.csv'), names, inside)})`;
  return { names: head.names, types: await findTypes(session, both, names, contract), notes };
}

/** What is looked at of a file's beginning: all of a small one, and less where the rest comes from other places. */
async function sampleOf({ file, packing }: OpenedFile, contract: Contract, bytes: number): Promise<Packing> {
  if (packing.complete && packing.head.length <= bytes) return packing;
  if (!packing.complete && file.size <= bytes && packing.compression === 'none')
    return readPacking(file.path, file.name, bytes);
  const seekable = isSeekable({ packing }, contract);
  if (!seekable && packing.head.length < bytes) return readPacking(file.path, file.name, bytes);
  return { ...packing, head: packing.head.subarray(0, seekable ? bytes >> 3 : bytes), complete: false };
}

/** Whether rows can be read from the middle of the file. */
function isSeekable({ packing }: Pick<OpenedFile, 'packing'>, contract: Contract): boolean {
  return packing.compression === 'none' && isUtf8(packing.marked ?? contract.encoding);
}

/** A first line of values alone is data: the file has no header, unless somebody says so. */
function checkHeader(file: string, names: readonly string[], contract: Contract, given: string[]): void {
  const isValue = (name: string) => /^-?\d+([.,]\d+)?$|^\d{4}-\d{2}-\d{2}/.test(name);
  if (!contract.header || given.length > 0 || !names.every((name) => isValue(name) || /^column_\d+$/.test(name)))
    return;
  throw badRequest(
    '/options/header',
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
    '/options/types',
    `${bad} of ${total} rows of ${file} do not fit the given types, the first on line ${row?.line}: column ${names[index]} is not ${placed[index]?.type}.`,
    'Correct `types`, `decimal`, `date_format` or `null_values`.',
  );
}
