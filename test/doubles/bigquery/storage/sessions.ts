/** Read sessions: a table at one moment, cut into streams. */

import { randomBytes } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { partitionTimeSql } from '../data/partitions.ts';
import { aliveAt, lastChange, physicalName, type Table, versionAt } from '../data/table.ts';
import { datasetOf, tableOf } from '../data/warehouse.ts';
import { newStatement } from '../jobs/analyze.ts';
import { partitionsRead, requireFilter } from '../jobs/cost.ts';
import type { Field } from '../model/field-types.ts';
import { ident } from '../model/quote.ts';
import type { Service } from '../service.ts';
import { condition } from '../sql/compile-expression.ts';
import { checkMoment } from '../sql/compile-source.ts';
import type { Relation, TableRead } from '../sql/compiled.ts';
import { parseCondition } from '../sql/parse-query.ts';
import { pruneRead } from '../sql/prune.ts';
import type { BatchCache, Batches } from './batches.ts';
import { selectedValue, selectFields } from './selected-fields.ts';
import { StatusError } from './status-error.ts';

export interface SessionRequest {
  /** projects/p: who pays. */
  parent: string;
  /** projects/p/datasets/d/tables/t */
  table: string;
  selectedFields: string[];
  rowRestriction: string;
  snapshotMicros?: number;
  maxStreams: number;
}

/** Messages [from, to) of the session. */
export interface Stream {
  name: string;
  from: number;
  to: number;
  /** Rows that went out so far, by the farthest of its readers. */
  sent?: number;
}

export interface Session {
  name: string;
  table: string;
  content: Batches;
  expiresMs: number;
  streams: Stream[];
  estimatedBytes: number;
}

export async function openSession(service: Service, cache: BatchCache, request: SessionRequest): Promise<Session> {
  const table = readableTable(service, request);
  const fields = selectFields(table.fields, request.selectedFields);
  const read = readOf(service, table, request);
  const where = restriction(service, read, request);
  requireFilter(read);
  for (const field of fields) read.columns.add(field.name.toLowerCase());
  const estimatedBytes = await bytesRead(service, read);
  const sql = `SELECT ${columnList(fields)} FROM ${physicalName(table)} WHERE ${aliveAt(read.version)} AND ${where}`;
  const content = await cache.of(
    service.warehouse.duck,
    sql,
    fields,
    `${request.table}@${read.version}`,
    service.limits.rowsPerMessage,
  );
  service.storageReadBytes += estimatedBytes;
  const location = datasetOf(service.warehouse, table.project, table.dataset).location.toLowerCase();
  const name = `${request.parent}/locations/${location}/sessions/${randomBytes(12).toString('hex')}`;
  const most = Math.min(request.maxStreams || Number.POSITIVE_INFINITY, service.limits.streams);
  const streams = cutIntoStreams(name, content, most);
  return {
    name,
    table: request.table,
    content,
    streams,
    estimatedBytes,
    expiresMs: service.warehouse.clock.nowMs() + service.limits.sessionMs,
  };
}

function readableTable(service: Service, { parent, table: path }: SessionRequest): Table {
  const payer = /^projects\/([^/]+)$/.exec(parent)?.[1];
  const [, project, dataset, id] = /^projects\/([^/]+)\/datasets\/([^/]+)\/tables\/([^/]+)$/.exec(path) ?? [];
  if (!payer || !project || !dataset || !id)
    throw new StatusError(status.INVALID_ARGUMENT, `request failed: malformed parent or table: ${parent}, ${path}`);
  const { permissions } = service;
  if (!permissions.allows('serviceusage.services.use', payer)) {
    throw new StatusError(
      status.PERMISSION_DENIED,
      `Caller does not have required permission to use project ${payer} (USER_PROJECT_DENIED).`,
    );
  }
  if (!permissions.allows('bigquery.readsessions.create', payer)) throw denied('bigquery.readsessions.create', parent);
  if (!permissions.allows('bigquery.tables.getData', `${project}.${dataset}.${id}`))
    throw denied('bigquery.tables.getData', path);
  const table = tableOf(service.warehouse, project, dataset, id);
  if (table.kind !== 'TABLE' && table.kind !== 'SNAPSHOT') {
    throw new StatusError(
      status.INVALID_ARGUMENT,
      `request failed: Only tables can be read with the Storage Read API: ${path} is of type ${table.kind}`,
    );
  }
  return table;
}

export function denied(permission: string, resource: string): StatusError {
  return new StatusError(
    status.PERMISSION_DENIED,
    `request failed: the user does not have '${permission}' permission for '${resource}'`,
  );
}

function readOf(service: Service, table: Table, { snapshotMicros }: SessionRequest): TableRead {
  const now = service.warehouse.clock.nowMs() * 1000 + 999;
  const stamp =
    snapshotMicros === undefined ? Math.max(now, lastChange(table)) : checkMoment(snapshotMicros, table, now);
  return { table, version: versionAt(table, stamp), columns: new Set(), prune: null };
}

/** The row restriction in DuckDB's terms; what it reads is billed too. */
function restriction(service: Service, read: TableRead, { rowRestriction }: SessionRequest): string {
  if (rowRestriction === '') return 'true';
  const statement = newStatement(service, { project: read.table.project });
  const columns: Relation['columns'] = read.table.fields.map((f) => ({
    name: f.name,
    type: f.type,
    sql: ident(f.name),
    read: () => read.columns.add(f.name.toLowerCase()),
  }));
  if (read.table.timePartitioning && !read.table.timePartitioning.field)
    columns.push({
      name: '_PARTITIONTIME',
      type: { kind: 'TIMESTAMP' },
      sql: partitionTimeSql(read.table),
      hidden: true,
    });
  const relation: Relation = { alias: read.table.id, columns, tableRead: read };
  const where = parseCondition(rowRestriction);
  const sql = condition(where, 'WHERE', { relations: [relation] }, statement);
  pruneRead(read, read.table.id, where, statement);
  return sql;
}

async function bytesRead(service: Service, read: TableRead): Promise<number> {
  const partitions = await partitionsRead(service.warehouse, read);
  return partitions.reduce((sum, p) => sum + [...read.columns].reduce((n, c) => n + (p.columnBytes.get(c) ?? 0), 0), 0);
}

function columnList(fields: Field[]): string {
  return fields.map((f) => `${selectedValue(ident(f.name), f.type)} AS ${ident(f.name)}`).join(', ');
}

/** Streams of about equal length; none at all for a table without rows. */
function cutIntoStreams(session: string, { batches }: Batches, most: number): Stream[] {
  const count = Math.min(most, batches.length);
  return Array.from({ length: count }, (_, i) => ({
    name: `${session}/streams/${randomBytes(9).toString('hex')}`,
    from: Math.floor((i * batches.length) / count),
    to: Math.floor(((i + 1) * batches.length) / count),
  }));
}
