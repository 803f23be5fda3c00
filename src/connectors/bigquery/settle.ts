/** Checks at registration that a table can be read as asked, and measures what its columns do not declare. */
import { AttacheError } from '../../errors/attache-error.ts';
import type { SettledTable } from '../connector.ts';
import type { SourceContext } from '../source-context.ts';
import type { TableRequest } from '../table-request.ts';
import { costGuard } from './cost-guard.ts';
import { chosenFields, describeTable } from './describe-table.ts';
import { dryRun } from './dry-run.ts';
import { duckType, isDeclared } from './duck-types.ts';
import type { Field } from './fields.ts';
import { column, tablePath } from './google-sql.ts';
import { openLedger } from './ledger.ts';
import type { Options } from './options.ts';
import { runJob } from './query-job.ts';
import { type RestClient, restClient } from './rest-client.ts';
import { everyPartition, rowFilter, whereOf } from './row-filter.ts';
import type { Settings } from './settings.ts';
import { smallResult } from './small-result.ts';
import { tableNameOf } from './table-name.ts';

export async function settleTable(context: SourceContext<Settings>, table: TableRequest): Promise<SettledTable> {
  const rest = restClient(context);
  const { location, fields, key, from, conditions } = await shapeOf(rest, table);
  const chosen = chosenFields(fields, table);
  checkPartitionColumn(fields, table);
  // Says now what the first run would say: a column that is not there, a value that is none.
  const wanted = [...conditions, ...rowFilter(fields, table.options.where ?? [], { kind: 'all' })];
  const given = (table.options as Options).bignumeric;
  const open =
    table.query_mode === 'remote' ? [] : chosen.filter((field) => isOpen(field) && given?.[field.name] === undefined);
  const measured =
    open.length === 0 ? {} : await measure(context, rest, table, { location, from: `${from}${whereOf(wanted)}`, open });
  const scales = { ...given, ...measured };
  return {
    options: Object.keys(scales).length === 0 ? table.options : { ...table.options, bignumeric: scales },
    columns: chosen.map((field) => ({ name: field.name, type: duckType(field, scales[field.name] ?? null) })),
    ...(table.primary_key.length === 0 && key.length > 0 ? { primary_key: key } : {}),
    notes: open.map((field) =>
      measured[field.name] === undefined
        ? `column ${field.name} is BIGNUMERIC and kept as text: its values do not fit 38 digits`
        : `column ${field.name} is BIGNUMERIC and kept as ${duckType(field, measured[field.name])}: its values need no more`,
    ),
  };
}

async function shapeOf(
  rest: RestClient,
  table: TableRequest,
): Promise<{ location: string | null; fields: Field[]; key: string[]; from: string; conditions: string[] }> {
  const { sql } = table.options as Options;
  if (sql !== undefined) {
    const readTime = now();
    const dry = await dryRun(
      rest,
      { sql, location: rest.settings.location ?? null, readTime },
      `looking at options.sql of ${table.id}`,
    );
    return {
      location: dry.location,
      fields: dry.fields,
      key: [],
      from: `(${sql.replace(/;\s*$/, '')}\n)`,
      conditions: [],
    };
  }
  const source = await describeTable(rest, tableNameOf(rest.settings, table));
  return {
    location: source.location,
    fields: source.fields,
    key: source.primaryKey,
    from: tablePath(source.name),
    conditions: everyPartition(source),
  };
}

/** Days, months and years are of times; of anything else every row would be in one and the same partition. */
function checkPartitionColumn(fields: readonly Field[], { sync_strategy, options }: TableRequest): void {
  const { partition_by, granularity } = options;
  if (sync_strategy !== 'partitioned' || partition_by === undefined || granularity === 'hash') return;
  const field = fields.find((one) => one.name === partition_by);
  if (field === undefined || ['DATE', 'DATETIME', 'TIMESTAMP', 'STRING'].includes(field.kind)) return;
  throw new AttacheError('options_invalid', {
    message: `The column ${partition_by} is ${field.kind} and has no ${granularity ?? 'month'}s.`,
    hint: 'Choose a column of times for options.partition_by, or set options.granularity to hash.',
  });
}

/** A second back: a moment that is still to come for the service’s clock is refused. */
const now = () => BigInt(Date.now() - 1_000) * 1000n;

const isOpen = (field: Field) => field.kind === 'BIGNUMERIC' && !field.repeated && !isDeclared(field);

/** Digits behind the point of the columns whose values fit 38 digits. */
async function measure(
  context: SourceContext<Settings>,
  rest: RestClient,
  table: TableRequest,
  { location, from, open }: { location: string | null; from: string; open: readonly Field[] },
): Promise<Record<string, number>> {
  const doing = `measuring the numbers of ${table.id}`;
  const lengths = open.flatMap(({ name }, index) => {
    const digits = `CAST(${column(name)} AS STRING)`;
    return [
      `CAST(MAX(LENGTH(REGEXP_REPLACE(${digits}, r'^-|[.].*', ''))) AS STRING) AS w${index}`,
      `CAST(MAX(LENGTH(REGEXP_REPLACE(${digits}, r'^[^.]*[.]?', ''))) AS STRING) AS s${index}`,
    ];
  });
  const sql = `SELECT ${lengths.join(', ')} FROM ${from}`;
  const ledger = openLedger(context.memory);
  const text = { sql, location, readTime: now() };
  const dry = await dryRun(rest, text, doing);
  const guard = costGuard(rest.settings, ledger);
  const job = await runJob(
    { rest, guard, ledger },
    {
      text: { ...text, location: dry.location },
      estimate: dry.estimate,
      table: table.id,
      source: context.source,
      doing,
      signal: context.signal,
    },
  );
  const [row = []] = await smallResult(rest, job.reference, doing);
  return Object.fromEntries(
    open.flatMap(({ name }, index) => {
      const [whole, scale] = [Number(row[2 * index] ?? 0), Number(row[2 * index + 1] ?? 0)];
      return whole + scale <= 38 ? [[name, scale]] : [];
    }),
  );
}
