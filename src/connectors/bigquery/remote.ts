/** `query_mode: remote`: says what is there and how a session reaches it; nothing is read and nothing is billed. */

import { AttacheError } from '../../errors/attache-error.ts';
import { sizeText } from '../byte-size.ts';
import type { RemotePlan } from '../read-way.ts';
import type { TableRequest } from '../table-request.ts';
import { chosenFields, describeTable, isStored, type SourceTable } from './describe-table.ts';
import { duckType } from './duck-types.ts';
import type { Look } from './look.ts';
import type { Options } from './options.ts';
import { payerOf } from './settings.ts';
import { tableNameOf } from './table-name.ts';

export async function planRemote(look: Look, table: TableRequest): Promise<RemotePlan> {
  const { settings, rest, source: alias } = look;
  if ((table.options as Options).sql !== undefined)
    throw new AttacheError('options_invalid', {
      message: `${table.id} is remote and has options.sql: a remote table is one table of BigQuery.`,
      hint: 'Use query_mode local, or make a view of the query in BigQuery.',
    });
  const source = await describeTable(rest, tableNameOf(settings, table));
  const payer = payerOf(settings);
  const billing = payer === source.name.project ? '' : ` billing_project=${payer}`;
  return {
    kind: 'remote',
    columns: chosenFields(source.fields, table).map((field) => ({ name: field.name, type: duckType(field) })),
    attach: {
      alias,
      extension: 'bigquery',
      url: `project=${source.name.project}${billing}`,
      // Empty: whoever attaches it gets a token of his own.
      token_env: '',
    },
    warnings: [`stays in BigQuery: ${extentOf(source)}`],
  };
}

/** What BigQuery computes has no size before that, and it says 0. */
function extentOf(source: SourceTable): string {
  if (isStored(source)) return `${source.rows} rows, ${sizeText(source.bytes)}`;
  return `a ${source.type.toLowerCase().replaceAll('_', ' ')}, whose size is not known`;
}
