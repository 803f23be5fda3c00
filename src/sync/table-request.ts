/** A registered table as its connector is asked for it. */
import type { TableRequest } from '../connectors/table-request.ts';
import type { RegisteredTable } from '../system/table-registry.ts';

export function tableRequest(table: Omit<RegisteredTable, 'registered_by' | 'registered_at'>): TableRequest {
  return {
    id: table.id,
    bucket: table.bucket,
    source_table: table.source_table,
    primary_key: table.primary_key,
    sync_strategy: table.sync_strategy,
    query_mode: table.query_mode,
    description: table.description,
    options: table.options,
  };
}
