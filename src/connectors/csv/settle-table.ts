/** Registration of a table of files: finds what is not given, refuses what makes no sense, and says what was fixed. */
import { toAttacheError } from '../../errors/attache-error.ts';
import type { SettledTable, SourceContext, TableRequest } from '../connector.ts';
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
      `There is no encoding ${JSON.stringify(given.encoding)}.`,
      'Name one such as utf-8, latin1, windows-1250.',
    );
  }
  const files = await listFiles(path, table.source_table);
  if (files.length === 0) return settleWithoutFile(path, table, given);
  const { contract, order, notes } = await freeze(files, given).catch((thrown: unknown) => {
    const fault = toAttacheError(thrown);
    // What the file is wrong with is a fault of the request as long as nothing is registered.
    throw fault.code === 'source_data' ? badRequest(fault.message, fault.hint ?? '') : fault;
  });
  const { types, ...dialect } = contract;
  const limits =
    given.max_reject_rows === undefined && given.max_reject_ratio === undefined ? { max_reject_ratio: 0.001 } : {};
  return {
    options: { ...limits, on_bad_file: 'fail', schema_policy: 'evolve', ...given, ...dialect, types },
    columns: order.map((name) => ({ name, type: types[name] ?? 'VARCHAR' })),
    notes,
  };
}

async function settleWithoutFile(path: string, table: TableRequest, given: Options): Promise<SettledTable> {
  if (!isGlob(table.source_table)) {
    const there = (await listAllFiles(path)).map((file) => file.name);
    const some =
      there.length === 0 ? 'it is empty' : `it holds ${there.slice(0, 10).join(', ')}${there.length > 10 ? ' …' : ''}`;
    throw badRequest(
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
    ],
  };
}
