/** Lists the buckets the token may read and their tables, with columns, types, keys and sizes. */
import pLimit from 'p-limit';
import { deriveTableId } from '../../contract/identity.ts';
import type { DiscoveredTable } from '../connector.ts';
import type { BucketAnswer } from './api/shapes.ts';
import type { Connection } from './connection.ts';
import { type SourceTable, sourceTableOf } from './describe-table.ts';
import { type Project, verifyProject } from './project.ts';
import { ruleOf } from './types/type-rules.ts';

const parallelBuckets = 8;

export async function discoverTables({ client, settings }: Connection): Promise<DiscoveredTable[]> {
  const { project } = await verifyProject(client, settings);
  const slot = pLimit(parallelBuckets);
  const buckets = await client.buckets();
  const lists = await Promise.all(
    buckets.map((bucket) =>
      slot(async () =>
        (await client.tablesOf(bucket.id)).map((answer) =>
          listed(bucket, project, sourceTableOf({ ...answer, bucket }), answer.name),
        ),
      ),
    ),
  );
  return lists.flat().sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function listed(bucket: BucketAnswer, project: Project, table: SourceTable, name: string): DiscoveredTable {
  const backend = table.backend ?? project.backend;
  return {
    bucket: bucket.id,
    source_table: name,
    name: proposedName(name),
    description: table.description,
    kind: kindOf(table),
    columns: table.columns.map(({ name: column, declared, nullable }) => ({
      name: column,
      source_type:
        declared === null ? 'text' : `${declared.name}${declared.length === null ? '' : `(${declared.length})`}`,
      type: ruleOf(declared, backend).type,
      nullable,
    })),
    primary_key: table.primaryKey,
    rows: table.rows,
    size_bytes: table.bytes,
  };
}

function kindOf({ isAlias, isExternal, isLinked, isTyped }: SourceTable): string {
  // The tables of a linked bucket call themselves aliases too.
  if (isLinked) return 'linked table';
  if (isAlias) return 'alias';
  if (isExternal) return 'external table';
  return isTyped ? 'typed table' : 'table';
}

function key({ bucket, source_table }: DiscoveredTable): string {
  return `${bucket}.${source_table}`;
}

function proposedName(label: string): string | null {
  try {
    return deriveTableId(label);
  } catch {
    return null;
  }
}
