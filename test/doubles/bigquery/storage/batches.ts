/** The rows of a read session as ready-made messages: built once for each version and selection, then only sent. */
import type { DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';
import type { Duck } from '../data/duck.ts';
import type { Field } from '../model/field-types.ts';
import { ident } from '../model/quote.ts';
import { batchMessage, schemaMessage } from './arrow-messages.ts';
import { arrowSchema } from './arrow-types.ts';
import { wireValue } from './wire-values.ts';

export interface Batch {
  rows: number;
  message: Uint8Array;
}
export interface Batches {
  schema: Uint8Array;
  batches: Batch[];
  rows: number;
}

/** How many read results stay in memory. */
const kept = 4;

export interface BatchCache {
  of(duck: Duck, sql: string, fields: Field[], version: string, rowsPerMessage: number): Promise<Batches>;
}

export function keepBatches(): BatchCache {
  const known = new Map<string, Promise<Batches>>();
  return {
    of: (duck, sql, fields, version, rowsPerMessage) => {
      const key = `${version}|${rowsPerMessage}|${sql}`;
      const found = known.get(key) ?? buildBatches(duck, sql, fields, rowsPerMessage);
      known.delete(key);
      known.set(key, found);
      found.catch(() => known.delete(key));
      for (const oldest of [...known.keys()].slice(0, -kept)) known.delete(oldest);
      return found;
    },
  };
}

async function buildBatches(duck: Duck, sql: string, fields: Field[], rowsPerMessage: number): Promise<Batches> {
  const schema = arrowSchema(fields);
  const columns = fields.map((f) => `${wireValue(`s.${ident(f.name)}`, f.type)} AS ${ident(f.name)}`);
  const batches = await duck.stream(`SELECT ${columns.join(', ')} FROM (${sql}) s`, async (result) => {
    const built: Batch[] = [];
    for await (const chunks of grouped(result, rowsPerMessage)) {
      const rows = chunks.reduce((sum, c) => sum + c.rowCount, 0);
      built.push({ rows, message: batchMessage(schema, fields, chunks, rows) });
    }
    return built;
  });
  return { schema: schemaMessage(schema), batches, rows: batches.reduce((sum, b) => sum + b.rows, 0) };
}

/** DuckDB's small chunks, put together until a message is full. */
async function* grouped(result: DuckDBResult, rowsPerMessage: number): AsyncGenerator<DuckDBDataChunk[]> {
  let group: DuckDBDataChunk[] = [];
  let rows = 0;
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    group.push(chunk);
    rows += chunk.rowCount;
    if (rows >= rowsPerMessage) {
      yield group;
      group = [];
      rows = 0;
    }
  }
  if (group.length > 0) yield group;
}
