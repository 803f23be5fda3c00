/** Plans how one table is read now: which way, which rows, at what cost. */
import type { PlanRequest, ReadPlan, TablePlan } from '../read-way.ts';
import type { TableRequest } from '../table-request.ts';
import { chosenFields, describeTable, isStored, type SourceTable } from './describe-table.ts';
import { dryRun } from './dry-run.ts';
import { planExtension } from './extension/plan-extension.ts';
import { type Field, holdsInterval } from './fields.ts';
import { column, tablePath, timestamp } from './google-sql.ts';
import type { Look } from './look.ts';
import type { Options } from './options.ts';
import { planQuery } from './plan-query.ts';
import { planStorage } from './plan-storage.ts';
import { readsPast } from './read-time.ts';
import { planRemote } from './remote.ts';
import { everyPartition, rowFilter, whereOf } from './row-filter.ts';
import { dotted, tableNameOf } from './table-name.ts';

export async function planTable(look: Look, table: TableRequest, request: PlanRequest): Promise<TablePlan> {
  const { sql } = table.options as Options;
  if (table.query_mode === 'remote') return planRemote(look, table);
  if (sql !== undefined) return planSql(look, table, sql, request);
  const source = await describeTable(look.rest, tableNameOf(look.settings, table));
  if (!isStored(source)) return planComputed(look, table, source, request);
  const fingerprint = fingerprintOf(look, source);
  if (request.range.kind === 'all' && fingerprint !== null && fingerprint === request.previousFingerprint)
    return { kind: 'unchanged', reason: `${dotted(source.name)} has not changed since ${timeOf(source.modifiedMs)}` };
  return planStored(look, table, source, request, fingerprint);
}

async function planStored(
  look: Look,
  table: TableRequest,
  source: SourceTable,
  { range }: PlanRequest,
  fingerprint: string | null,
): Promise<ReadPlan> {
  const fields = chosenFields(source.fields, table);
  const conditions = rowFilter(source.fields, table.options.where ?? [], range);
  const whole = conditions.length === 0;
  const facts = {
    ...(fingerprint === null || range.kind !== 'all' ? {} : { fingerprint }),
    ...(fingerprint === null || !whole ? {} : { rows: source.rows }),
    ...(source.rows > 0 ? { rowBytes: Math.ceil(source.bytes / source.rows) } : {}),
  };
  const filter = [...everyPartition(source), ...conditions];
  const asBinary = fields.filter((field) => isWkb(field, table));
  const interval = fields.find(holdsInterval);
  if (interval !== undefined && look.settings.storage_read !== 'never')
    look.note(`${table.id} is read by a query: Storage Read does not hold every INTERVAL, as in ${interval.name}`);
  if (asBinary.length === 0 && interval === undefined) {
    const engine = await look.engines.choose(table);
    const byExtension =
      engine === null ? null : await planExtension(look, engine, table, { source, fields, conditions: filter, facts });
    if (byExtension !== null) return byExtension;
    const plan = await planStorage(look, table, source, fields, filter, facts);
    if (plan !== null) return plan;
  }
  const at = readsPast(look.readTime, source) ? ` FOR SYSTEM_TIME AS OF ${timestamp(look.readTime)}` : '';
  const selected = fields.map((field) =>
    asBinary.includes(field) ? `ST_ASBINARY(${column(field.name)}) AS ${column(field.name)}` : column(field.name),
  );
  const read = {
    text: {
      sql: `SELECT ${selected.join(', ')} FROM ${tablePath(source.name)}${at}${whereOf(filter)}`,
      location: source.location,
    },
    doing: `reading ${dotted(source.name)}`,
  };
  return planQuery(look, table, read, facts);
}

const isWkb = (field: Field, table: TableRequest) =>
  field.kind === 'GEOGRAPHY' && !field.repeated && (table.options as Options).geography === 'wkb';

/** Views, materialised views and external tables: BigQuery computes them, and nothing says whether they changed. */
async function planComputed(
  look: Look,
  table: TableRequest,
  source: SourceTable,
  { range }: PlanRequest,
): Promise<ReadPlan> {
  const selected = chosenFields(source.fields, table).map((field) =>
    isWkb(field, table) ? `ST_ASBINARY(${column(field.name)}) AS ${column(field.name)}` : column(field.name),
  );
  const conditions = [...everyPartition(source), ...rowFilter(source.fields, table.options.where ?? [], range)];
  return planQuery(look, table, {
    text: {
      sql: `SELECT ${selected.join(', ')} FROM ${tablePath(source.name)}${whereOf(conditions)}`,
      location: source.location,
    },
    doing: `reading ${dotted(source.name)}`,
  });
}

async function planSql(look: Look, table: TableRequest, sql: string, { range }: PlanRequest): Promise<ReadPlan> {
  const location = look.settings.location ?? null;
  const doing = `running options.sql of ${table.id}`;
  const narrowed = table.options.columns !== undefined || table.options.where !== undefined || range.kind !== 'all';
  const text = { sql, location, readTime: look.readTime };
  if (!narrowed) return planQuery(look, table, { text, doing });
  const { fields } = await dryRun(look.rest, text, doing);
  const selected = chosenFields(fields, table).map((field) => column(field.name));
  const conditions = rowFilter(fields, table.options.where ?? [], range);
  // The line break ends a comment that the text may end with.
  const narrow = `SELECT ${selected.join(', ')} FROM (${sql.replace(/;\s*$/, '')}\n)${whereOf(conditions)}`;
  return planQuery(look, table, { text: { ...text, sql: narrow }, doing });
}

/** Equal as long as the content at the moment of the look is the same; null while that cannot be said. */
function fingerprintOf(look: Look, source: SourceTable): string | null {
  if (source.streaming || BigInt(source.modifiedMs + 1) * 1000n > look.readTime) return null;
  return `${source.createdMs}:${source.modifiedMs}:${source.rows}:${source.bytes}`;
}

const timeOf = (ms: number) => new Date(ms).toISOString();
