/** Registration of a table of files: finds what is not given, refuses what makes no sense, and says what was fixed. */
import { probe } from '../../duckdb/probe.ts';
import { toAttacheError } from '../../errors/attache-error.ts';
import { checkWhere } from '../check-where.ts';
import type { SettledTable } from '../connector.ts';
import type { SourceContext } from '../source-context.ts';
import { isMerge } from '../strategy-rules.ts';
import type { TableRequest } from '../table-request.ts';
import { badRequest } from './file-fault.ts';
import { freeze } from './freeze.ts';
import { isGlob } from './glob.ts';
import { listAllFiles, listFiles } from './list-files.ts';
import { contractDefaults, type Options, type Settings } from './options.ts';
import { isKnownEncoding } from './read-bytes.ts';
import { canonicalType } from './text-types.ts';

export async function settleTable(context: SourceContext<Settings>, table: TableRequest): Promise<SettledTable> {
  const given = table.options as Options;
  const { path } = context.settings;
  if (given.encoding !== undefined && !isKnownEncoding(given.encoding)) {
    throw badRequest(
      '/options/encoding',
      `There is no encoding ${JSON.stringify(given.encoding)}.`,
      'Name one such as utf-8, latin1, windows-1250.',
    );
  }
  checkBadFiles(table, given);
  const files = await listFiles(path, table.source_table);
  if (files.length === 0) return settleWithoutFile(path, table, given);
  const { contract, order, notes } = await freeze(files, given).catch((thrown: unknown) => {
    const fault = toAttacheError(thrown);
    // What the file is wrong with is a fault of the request as long as nothing is registered.
    throw fault.code === 'source_data' ? badRequest('/source_table', fault.message, fault.hint ?? '') : fault;
  });
  const { types, ...dialect } = contract;
  const offered = order.map((name) => ({ name, type: types[name] ?? 'VARCHAR' }));
  const { columns: chosen, where } = table.options;
  if (where !== undefined) await probe((session) => checkWhere(session, offered, where));
  const limits =
    given.max_reject_rows === undefined && given.max_reject_ratio === undefined ? { max_reject_ratio: 0.001 } : {};
  return {
    options: { ...limits, on_bad_file: 'fail', schema_policy: 'evolve', ...given, ...dialect, types },
    columns: offered.filter(({ name }) => chosen === undefined || chosen.includes(name)),
    offered: offered.map((column) => ({ ...column, nullable: true })),
    notes: [...notes, ...strategyNotes(table)],
  };
}

/** Only where each file has parts of its own can one keep its last good rows. */
function checkBadFiles({ sync_strategy: strategy, ...table }: TableRequest, { on_bad_file }: Options): void {
  const apart = strategy === 'full_refresh' || (strategy === 'incremental' && !isMerge(table));
  if (on_bad_file !== 'skip' || apart) return;
  throw badRequest(
    '/options/on_bad_file',
    '`on_bad_file: skip` cannot be kept here: the rows of all files lie together, so none could keep its last good ones alone.',
    'Leave it out, or use full_refresh or incremental with mode append.',
  );
}

function strategyNotes({ sync_strategy: strategy, ...table }: TableRequest): string[] {
  if (strategy !== 'incremental') return [];
  if (isMerge(table)) {
    const { cursor } = table.options;
    const greatest = cursor === undefined ? '' : `with the greatest ${cursor}, of equal ones that `;
    return [
      `of the rows with the same ${table.primary_key.join(', ')} the table has the one ${greatest}in the last file by name, and there the last line`,
    ];
  }
  const without = table.options.cursor === undefined ? [] : ['the cursor decides nothing: whole files are told apart'];
  return ['new and changed files are read; a file that is gone takes its rows along', ...without];
}

async function settleWithoutFile(path: string, table: TableRequest, given: Options): Promise<SettledTable> {
  if (!isGlob(table.source_table)) {
    const there = (await listAllFiles(path)).map((file) => file.name);
    const some =
      there.length === 0 ? 'it is empty' : `it holds ${there.slice(0, 10).join(', ')}${there.length > 10 ? ' …' : ''}`;
    throw badRequest(
      '/source_table',
      `The file ${table.source_table} is not in ${path}; ${some}.`,
      'Name a file that is there, or a pattern such as "*.csv" for files to come.',
    );
  }
  for (const type of Object.values(given.types ?? {})) canonicalType(type);
  return {
    options: { ...contractDefaults(given), ...given },
    columns: null,
    notes: [
      `no file matches ${table.source_table} yet: delimiter, encoding and types are fixed when the first one arrives`,
      ...strategyNotes(table),
    ],
  };
}
