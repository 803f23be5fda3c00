/** Reads and judges the parameters of an export, in JSON and in form encoding. */
import type { Selection } from '../data/select.ts';
import { readMoment } from '../data/strtotime.ts';
import { type FormValue, parseForm } from '../http/form.ts';
import { type Table, visibleColumns } from '../world.ts';
import type { Call } from './call.ts';
import { ApiError, validation } from './errors.ts';
import { readFilters } from './where-filters.ts';

export interface ExportRequest {
  fileType: 'csv' | 'parquet';
  gzip: boolean;
  timezone?: string;
  sourceBranchId?: string;
  selection: Selection;
}

type Body = Record<string, unknown>;

const knownFields = [
  ...[
    'fileType',
    'columns',
    'gzip',
    'changedSince',
    'changedUntil',
    'whereFilters',
    'whereColumn',
    'whereOperator',
    'whereValues',
  ],
  ...['orderBy', 'format', 'includeInternalTimestamp', 'timezone', 'limit', 'days', 'fulltextSearch', 'sourceBranchId'],
];

export function readBody(call: Call): Body {
  const { request, service } = call;
  const type = request.headers['content-type'] ?? '';
  if (request.body.length === 0) return {};
  if (type.startsWith('application/x-www-form-urlencoded'))
    return parseForm(request.body.toString()) as Record<string, FormValue>;
  if (!type.startsWith('application/json'))
    service.violations.record('wrong-content-type', type || 'none', request.entry);
  try {
    const body: unknown = JSON.parse(request.body.toString());
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Body;
  } catch {
    // Falls through to the refusal below: text and arrays are refused alike.
  }
  throw new ApiError(400, 'storage.invalidJson', 'Request body is not a valid JSON object');
}

export function readExportRequest(call: Call, table: Table, body: Body): ExportRequest {
  const backend = table.bucket.backend;
  const typed = (name: string, ok: (value: unknown) => boolean) => checkType(call, body, name, ok);
  for (const name of Object.keys(body)) {
    if (knownFields.includes(name)) continue;
    call.service.violations.record('unknown-field', name, call.request.entry);
    throw validation([`${name}: This field was not expected.`]);
  }
  typed('columns', isText);
  typed('gzip', isFlag);
  typed('includeInternalTimestamp', isFlag);
  typed('limit', (value) => /^\d+$/.test(String(value)));
  typed('whereFilters', Array.isArray);
  typed('orderBy', Array.isArray);
  for (const name of ['changedSince', 'changedUntil'])
    typed(name, (value) => isText(value) || typeof value === 'number');
  const fileType = body.fileType ?? 'csv';
  if (fileType !== 'csv' && fileType !== 'parquet')
    throw validation([`fileType: "${fileType}" is not one of csv, parquet.`]);
  const format = body.format ?? 'rfc';
  if (!['rfc', 'json', 'escaped', 'raw'].includes(String(format))) {
    throw new ApiError(400, 'storage.tables.validation.invalidFormat', `Invalid format "${format}"`);
  }
  if (body.timezone !== undefined && (fileType === 'parquet' || backend !== 'snowflake')) {
    throw validation(['timezone: Only supported for CSV exports of the Snowflake backend.']);
  }
  const includeInternalTimestamp = flag(body.includeInternalTimestamp);
  if (includeInternalTimestamp && (backend !== 'snowflake' || !hasTimestamp(table))) {
    throw validation(['includeInternalTimestamp: Not supported for this table.']);
  }
  return {
    fileType,
    gzip: flag(body.gzip),
    timezone: body.timezone as string | undefined,
    sourceBranchId: body.sourceBranchId === undefined ? undefined : String(body.sourceBranchId),
    selection: { ...readSelection(call, table, body), includeInternalTimestamp },
  };
}

/** The part that exports and previews share. */
export function readSelection(call: Call, table: Table, body: Body): Selection {
  const names = visibleColumns(table).map(({ name }) => name);
  const columns = typeof body.columns === 'string' && body.columns !== '' ? body.columns.split(',') : names;
  const unknown = columns.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new ApiError(400, 'storage.tables.nonExistingColumns', `Non-existing columns: ${unknown.join(', ')}`);
  const filters = readFilters(call, table, body);
  for (const { column } of filters) {
    if (!names.includes(column))
      throw new ApiError(
        400,
        'storage.tables.validation.columnNotExists',
        `Column ${column} not found in table ${table.id}`,
      );
  }
  return {
    columns,
    changedSince: readChanged(call, table, body, 'changedSince'),
    changedUntil: readChanged(call, table, body, 'changedUntil'),
    filters,
    orderBy: readOrder(call, names, body),
    limit: body.limit === undefined ? undefined : Number(body.limit),
    includeInternalTimestamp: false,
  };
}

function readChanged(call: Call, table: Table, body: Body, name: 'changedSince' | 'changedUntil'): number | undefined {
  const value = body[name];
  if (value === undefined || value === '') return undefined;
  if (!hasTimestamp(table)) throw validation([`${name}: Table ${table.id} has no timestamp column.`]);
  const moment = readMoment(String(value), call.service.clock.now());
  if (moment === undefined) throw validation([`${name}: "${value}" is not a valid date.`]);
  return moment;
}

function readOrder(call: Call, names: string[], body: Body): Selection['orderBy'] {
  const list = (body.orderBy as Record<string, string>[] | undefined) ?? [];
  return list.map((item, at) => {
    for (const name of Object.keys(item)) {
      if (!['column', 'order', 'dataType'].includes(name))
        call.service.violations.record('unknown-field', `orderBy[${at}].${name}`, call.request.entry);
    }
    const order = item.order ?? 'ASC';
    if (!names.includes(item.column ?? '') || (order !== 'ASC' && order !== 'DESC'))
      throw validation([`orderBy[${at}]: invalid.`]);
    return { column: item.column!, order, dataType: item.dataType };
  });
}

function hasTimestamp(table: Table): boolean {
  return table.timestampType === 'MANAGED' && table.tableType === 'table';
}

function checkType(call: Call, body: Body, name: string, ok: (value: unknown) => boolean): void {
  if (body[name] === undefined || ok(body[name])) return;
  call.service.violations.record('wrong-field-type', `${name}: ${JSON.stringify(body[name])}`, call.request.entry);
  throw validation([`${name}: This value has the wrong type.`]);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isFlag(value: unknown): boolean {
  return typeof value === 'boolean' || ['0', '1', 'true', 'false', 0, 1].includes(value as string);
}

function flag(value: unknown): boolean {
  return value === true || value === '1' || value === 1 || value === 'true';
}
