/** `query_mode: remote`: nothing is brought; the catalogue says what is there and how a session attaches it. */
import { AttacheError } from '../../errors/attache-error.ts';
import type { RemotePlan } from '../read-way.ts';
import type { TableRequest } from '../table-request.ts';
import type { SourceTable } from './describe-table.ts';
import { loadExtension } from './extension/attach-extension.ts';
import type { Reading } from './reading.ts';
import { publishedTypes } from './types/plan-columns.ts';

const longestAlias = 63;

export async function planRemote({ context }: Reading, table: TableRequest, source: SourceTable): Promise<RemotePlan> {
  checkRemoteOptions(table);
  const { settings, extensionDirectories } = context;
  const session = await context.session();
  const missing = await loadExtension(session, extensionDirectories);
  session.close();
  return {
    kind: 'remote',
    columns: publishedTypes(source),
    attach: {
      alias: `${context.source.slice(0, longestAlias - '_remote'.length)}_remote`,
      extension: 'keboola',
      url: settings.url.replace(/\/+$/, ''),
      token_env: settings.token_env,
    },
    warnings: missing === null ? [] : [`${table.id} cannot be queried here yet: ${missing}`],
  };
}

/** Who queries a remote table chooses rows and columns in the query. */
export function checkRemoteOptions({ id, query_mode, options }: TableRequest): void {
  const given = (['columns', 'where', 'path', 'strict_counts'] as const).filter((key) => options[key] !== undefined);
  if (query_mode !== 'remote' || given.length === 0) return;
  throw new AttacheError('options_invalid', {
    message: `The table ${id} is remote, where ${given.map((key) => `options.${key}`).join(' and ')} would have no effect.`,
    hint: 'Leave them out, or use query_mode local.',
  });
}
