/** Pages of rows, rendered by DuckDB; and the tokens that lead from one to the next. */
import { aliveAt, lastChange, physicalName, type Table, versionAt } from '../data/table.ts';
import type { Field } from '../model/field-types.ts';
import { text } from '../model/quote.ts';
import { restRow, type TimestampFormat } from '../model/rest-values.ts';
import type { Service } from '../service.ts';
import { ServiceError } from './service-error.ts';

export interface PageRequest {
  startIndex: number;
  /** Rows at most; the page may be shorter when its bytes run out. */
  maxResults: number;
  timestamps: TimestampFormat;
  fields: Field[];
}

export interface Page {
  /** JSON texts of the rows. */
  rows: string[];
  totalRows: number;
  pageToken?: string;
}

export async function readPage(service: Service, table: Table, request: PageRequest): Promise<Page> {
  const version = versionAt(table, lastChange(table));
  const partitions = await service.warehouse.sizes.of(table, version);
  const totalRows = partitions.reduce((sum, p) => sum + p.rows, 0);
  const wanted = Math.max(0, Math.min(request.maxResults, totalRows - request.startIndex));
  const rows =
    wanted === 0
      ? []
      : cutByBytes(await renderedRows(service, table, version, request, wanted), service.limits.pageBytes);
  const next = request.startIndex + rows.length;
  return { rows, totalRows, ...(next < totalRows && rows.length > 0 ? { pageToken: pageToken(next) } : {}) };
}

/** Rows rendered at once; a page that needs more takes several steps, one that needs less wastes little. */
const step = 16_384;

async function renderedRows(
  service: Service,
  table: Table,
  version: number,
  request: PageRequest,
  wanted: number,
): Promise<string[]> {
  const rows: string[] = [];
  let bytes = 0;
  while (rows.length < wanted && bytes <= service.limits.pageBytes) {
    const from = request.startIndex + rows.length;
    const more = await renderStep(service, table, version, request, from, Math.min(step, wanted - rows.length));
    if (more.length === 0) break;
    rows.push(...more);
    bytes += more.reduce((sum, row) => sum + row.length, 0);
  }
  return rows;
}

async function renderStep(
  service: Service,
  table: Table,
  version: number,
  request: PageRequest,
  from: number,
  count: number,
): Promise<string[]> {
  const row = restRow(request.fields, 'r', request.timestamps);
  const name = physicalName(table);
  // Without deletions row ids count the rows, and a page needs no walk over the ones before it.
  const source =
    table.changes.length <= 1
      ? `SELECT * FROM ${name} WHERE rowid >= ${from} AND rowid < ${from + count} ORDER BY rowid`
      : `SELECT * FROM ${name} WHERE ${aliveAt(version)} ORDER BY rowid LIMIT ${count} OFFSET ${from}`;
  return service.warehouse.duck.texts(`SELECT ${row} AS j FROM (${source}) r`);
}

/** At least one row, however big. */
function cutByBytes(rows: string[], limit: number): string[] {
  let bytes = 0;
  const fits = rows.findIndex((row) => {
    bytes += row.length;
    return bytes > limit;
  });
  return fits < 0 ? rows : rows.slice(0, Math.max(1, fits));
}

function pageToken(index: number): string {
  return Buffer.from(`row:${index}`).toString('base64url');
}

export function startOf(query: URLSearchParams): number {
  const token = query.get('pageToken');
  if (!token) return Number(query.get('startIndex') ?? 0);
  const index = /^row:(\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
  if (index === undefined) throw new ServiceError('invalid', `Invalid page token ${text(token)}`);
  return Number(index);
}

/** Seconds as floating point, which lose microseconds, unless the caller asks for better. */
export function timestampFormat(query: URLSearchParams): TimestampFormat {
  const format = query.get('formatOptions.timestampOutputFormat');
  if (format === 'INT64' || format === 'ISO8601_STRING') return format;
  return query.get('formatOptions.useInt64Timestamp') === 'true' ? 'INT64' : 'FLOAT64';
}

/** A slice of a listing by name, with its token. */
export function listPage<T>(items: T[], query: URLSearchParams): { items: T[]; nextPageToken?: string } {
  const start = startOf(query);
  const size = Number(query.get('maxResults') ?? 50);
  const more = start + size < items.length;
  return { items: items.slice(start, start + size), ...(more ? { nextPageToken: pageToken(start + size) } : {}) };
}
