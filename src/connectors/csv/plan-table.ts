/** Plans one read of a table of files: which files there are, which changed, what the columns are, and one piece for each file. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import pLimit from 'p-limit';
import { z } from 'zod';
import { AttacheError } from '../../errors/attache-error.ts';
import type { OpenPiece, Piece, PieceWay, PlanRequest, RunContext, TablePlan } from '../read-way.ts';
import type { TableOptions } from '../table-options.ts';
import type { TableRequest } from '../table-request.ts';
import { reconcile } from './column-names.ts';
import { estimateFile } from './estimate-file.ts';
import { asFileFault } from './file-fault.ts';
import { freeze } from './freeze.ts';
import { isGlob } from './glob.ts';
import { type OpenedFile, openFile, readSeparatedHead } from './inspect-file.ts';
import { jsonKeys } from './json-keys.ts';
import { openJson } from './json-piece.ts';
import { type FoundFile, listFiles } from './list-files.ts';
import { type Contract, contractOf, type Options, type Settings } from './options.ts';
import { describeParquet, openParquet } from './parquet-piece.ts';
import { filtered, rowFilter } from './row-filter.ts';
import { openSeparated, type TableColumn } from './separated-piece.ts';
import { wireName } from './separated-relation.ts';

/** What a run leaves for the next. */
const memory = z.object({
  /** Columns of the table in their order. */
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  /** What was found at the first file of a pattern that had none at registration. */
  contract: z.custom<Contract>().nullable(),
  /** By name: what the file system said of the file, and its content's fingerprint. */
  files: z.record(z.string(), z.object({ identity: z.string(), fingerprint: z.string() })),
});

type Memory = z.infer<typeof memory>;

/** A file that changed this recently may still be written to. */
const restingMs = 2_000;

export async function planTable(
  context: RunContext<Settings>,
  table: TableRequest,
  request: PlanRequest,
): Promise<TablePlan> {
  const options = table.options as Options & Pick<TableOptions, 'columns' | 'where'>;
  const remembered = memory.safeParse(request.remembered).data ?? null;
  const files = await listFiles(context.settings.path, table.source_table);
  ensureEnoughFiles(context.settings.path, table.source_table, files, request.full ? null : remembered);
  if (files.length === 0) return { kind: 'postponed', reason: `no file matches ${table.source_table} yet` };
  const restless = files.find((file) => isRestless(file, remembered));
  if (restless !== undefined) {
    return {
      kind: 'postponed',
      reason: `the file ${restless.name} changed less than ${restingMs / 1000} s ago and may still be written`,
    };
  }
  const fingerprints = await fingerprintsOf(files, remembered);
  const fingerprint = hashOf(JSON.stringify([...fingerprints]));
  if (fingerprint === request.previousFingerprint) return { kind: 'unchanged', reason: 'no file changed' };
  const { contract, order, found, notes } = await contractFor(files, options, remembered);
  const looked = await lookAt(context, files, fingerprints, contract, options, remembered);
  const { columns, warnings } = columnsOf(contract, order, looked, options, remembered);
  const selected = selectedColumns(columns, options.columns);
  const { needed, condition } = rowFilter(columns, selected, options.where ?? []);
  const wire = ({ name }: TableColumn) => wireName(needed.findIndex((column) => column.name === name));
  return {
    kind: 'read',
    columns: selected.map((column) => ({ ...column, sourceType: 'text', wire: wire(column) })),
    pieces: files.map((file) => ({
      ...pieceOf(file, fingerprints.get(file.name)!, looked.get(file.name), contract, needed, options, condition),
      estimate: () => estimateFile(file, contract),
    })),
    order: 'source',
    fingerprint,
    rejectLimits: {
      rows: options.max_reject_rows ?? null,
      ratio: options.max_reject_ratio ?? (options.max_reject_rows === undefined ? 0.001 : null),
    },
    remember: {
      columns,
      contract: found,
      files: Object.fromEntries(
        files.map((file) => [file.name, { identity: file.identity, fingerprint: fingerprints.get(file.name)! }]),
      ),
    } satisfies Memory,
    warnings: [...notes, ...warnings],
  };
}

/** Files that vanish together mean a lost mount or a moved folder rather than deleted rows. */
function ensureEnoughFiles(
  folder: string,
  sourceTable: string,
  files: readonly FoundFile[],
  remembered: Memory | null,
): void {
  const before = Object.keys(remembered?.files ?? {});
  const now = new Set(files.map((file) => file.name));
  const lost = before.filter((name) => !now.has(name));
  if (lost.length * 2 > before.length && files.length < before.length) {
    throw new AttacheError('source_missing', {
      message: `${lost.length} of the ${before.length} files of ${sourceTable} in ${folder} are gone at once, e.g. ${lost[0]}.`,
      hint: 'The table keeps its data. Put the files back; when they are gone for good, sync the table in full.',
      retryable: true,
    });
  }
  if (files.length === 0 && !isGlob(sourceTable)) {
    throw new AttacheError('source_missing', {
      message: `The file ${sourceTable} is not in ${folder}.`,
      hint: 'The table keeps its data. Put the file there, or correct source_table.',
      retryable: true,
    });
  }
}

/** A time in the future comes from another clock and says nothing. */
function isRestless(file: FoundFile, remembered: Memory | null): boolean {
  if (remembered?.files[file.name]?.identity === file.identity) return false;
  return Math.abs(Date.now() - file.mtimeMs) < restingMs;
}

/** Content below this is told by its hash, so that a file delivered again with the same content counts as unchanged. */
const hashedBytes = 16 << 20;

async function fingerprintsOf(files: readonly FoundFile[], remembered: Memory | null): Promise<Map<string, string>> {
  const slot = pLimit(4);
  const entries = files.map((file) =>
    slot(async (): Promise<[string, string]> => {
      const known = remembered?.files[file.name];
      if (known?.identity === file.identity) return [file.name, known.fingerprint];
      return [file.name, file.size > hashedBytes ? file.identity : await contentHash(file)];
    }),
  );
  return new Map(await Promise.all(entries));
}

async function contentHash(file: FoundFile): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file.path)) hash.update(chunk as Buffer);
  } catch (thrown) {
    throw asFileFault(file.name, thrown);
  }
  return hash.digest('hex');
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** The frozen contract: of the registration, of the first run, or found now. */
async function contractFor(
  files: readonly FoundFile[],
  options: Options,
  remembered: Memory | null,
): Promise<{ contract: Contract; order: string[]; found: Contract | null; notes: string[] }> {
  const registered = contractOf(options);
  if (registered !== null)
    return { contract: registered, order: Object.keys(registered.types), found: null, notes: [] };
  if (remembered?.contract)
    return {
      contract: remembered.contract,
      order: Object.keys(remembered.contract.types),
      found: remembered.contract,
      notes: [],
    };
  const { contract, order, notes } = await freeze(files, options);
  return { contract, order, found: contract, notes };
}

/** What was seen of a file that is new or changed: its columns, or why it cannot be read. */
type Look = { opened: OpenedFile; columns: TableColumn[] } | { fault: unknown };

async function lookAt(
  context: RunContext<Settings>,
  files: readonly FoundFile[],
  fingerprints: ReadonlyMap<string, string>,
  contract: Contract,
  options: Options,
  remembered: Memory | null,
): Promise<Map<string, Look>> {
  const looks = new Map<string, Look>();
  const slot = pLimit(8);
  const session = await context.session();
  await Promise.all(
    files
      .filter((file) => remembered?.files[file.name]?.fingerprint !== fingerprints.get(file.name))
      .map((file) =>
        slot(async () => {
          try {
            const opened = await openFile(file);
            looks.set(file.name, { opened, columns: await columnsIn(opened) });
          } catch (fault) {
            if (options.on_bad_file !== 'skip') throw fault;
            looks.set(file.name, { fault });
          }
        }),
      ),
  );
  session.close();
  return looks;

  async function columnsIn(opened: OpenedFile): Promise<TableColumn[]> {
    if (opened.format === 'parquet') return describeParquet(session, opened.file);
    const text = (names: readonly string[]) => names.map((name) => ({ name, type: 'VARCHAR' }));
    if (opened.format !== 'csv') return text(await jsonKeys(session, opened, contract));
    return text((await readSeparatedHead(opened, contract, Object.keys(contract.types))).names);
  }
}

/** The table's columns: those it had, in their order, then new ones by the schema policy. */
function columnsOf(
  contract: Contract,
  order: readonly string[],
  looked: ReadonlyMap<string, Look>,
  options: Options,
  remembered: Memory | null,
): { columns: TableColumn[]; warnings: string[] } {
  const seen = [...looked]
    .flatMap(([file, look]) => ('fault' in look ? [] : [{ file, columns: look.columns }]))
    .sort((a, b) => (a.file < b.file ? -1 : 1));
  const columns = remembered?.columns ? [...remembered.columns] : firstOrder(contract, order, seen[0]?.columns ?? []);
  const warnings: string[] = [];
  const frozen = options.schema_policy === 'freeze';
  for (const { file, columns: own } of seen) {
    const { positions, extra } = reconcile(
      columns.map((column) => column.name),
      own.map((column) => column.name),
    );
    const missing = columns.filter((_, index) => positions[index] === null).map((column) => column.name);
    if (frozen && extra.length + missing.length > 0) throw frozenFault(file, extra, missing);
    for (const name of extra) {
      columns.push({ name, type: own.find((column) => column.name === name)?.type ?? 'VARCHAR' });
      warnings.push(`the file ${file} brought the new column ${name}`);
    }
    if (missing.length > 0) warnings.push(`the file ${file} lacks ${missing.join(', ')}: NULL for its rows`);
  }
  return { columns, warnings };
}

/** The columns of a first run: in the order of `types`, unless it holds names that look like numbers, which JavaScript puts first whatever their order was. */
function firstOrder(contract: Contract, order: readonly string[], first: readonly TableColumn[]): TableColumn[] {
  const inOrder = order.some((name) => /^\d+$/.test(name)) ? orderOfFile(order, first) : order;
  return inOrder.map((name) => ({ name, type: contract.types[name] ?? 'VARCHAR' }));
}

function orderOfFile(names: readonly string[], first: readonly TableColumn[]): string[] {
  const { positions } = reconcile(
    first.map((column) => column.name),
    names,
  );
  const placed = positions.flatMap((position) => (position === null ? [] : [names[position]!]));
  return [...placed, ...names.filter((name) => !placed.includes(name))];
}

function frozenFault(file: string, extra: readonly string[], missing: readonly string[]): AttacheError {
  const what = [
    extra.length > 0 ? `has the new columns ${extra.join(', ')}` : '',
    missing.length > 0 ? `lacks ${missing.join(', ')}` : '',
  ].filter(Boolean);
  return new AttacheError('schema_changed', {
    message: `The file ${file} ${what.join(' and ')}, and the table's columns are frozen.`,
    hint: 'The table keeps its data. Correct the file, or set schema_policy to evolve.',
    faults: [
      ...extra.map((name) => ({ pointer: '/columns', message: `column ${name} added` })),
      ...missing.map((name) => ({ pointer: '/columns', message: `column ${name} removed` })),
    ],
  });
}

function selectedColumns(columns: readonly TableColumn[], wanted: readonly string[] | undefined): TableColumn[] {
  if (wanted === undefined) return [...columns];
  const missing = wanted.filter((name) => !columns.some((column) => column.name === name));
  if (missing.length === 0) return columns.filter((column) => wanted.includes(column.name));
  throw new AttacheError('source_missing', {
    message: `The files have no column ${missing.join(', ')}; they have ${columns.map((column) => column.name).join(', ')}.`,
    hint: 'Correct options.columns of the table.',
  });
}

function pieceOf(
  file: FoundFile,
  fingerprint: string,
  look: Look | undefined,
  contract: Contract,
  columns: readonly TableColumn[],
  options: Options,
  condition: string | null,
): Piece {
  const open = async (way: PieceWay): Promise<OpenPiece> => {
    if (look !== undefined && 'fault' in look) throw look.fault;
    const opened = look?.opened ?? (await openFile(file));
    if (opened.format === 'parquet') return openParquet(file, columns, way);
    return opened.format === 'csv'
      ? openSeparated(opened, contract, columns, way)
      : openJson(opened, contract, columns, way);
  };
  return {
    id: file.name,
    fingerprint,
    mayFail: options.on_bad_file === 'skip',
    open: async (way) => filtered(await open(way), condition),
  };
}
