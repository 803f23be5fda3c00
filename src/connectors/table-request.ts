/** A registered table, as connectors and strategies see it. */
import type { TableOptions } from './table-options.ts';

/** A registered table as the connector sees it. */
export interface TableRequest {
  id: string;
  bucket: string | null;
  source_table: string;
  primary_key: string[];
  sync_strategy: 'full_refresh' | 'incremental' | 'partitioned';
  query_mode: 'local' | 'remote';
  description: string | null;
  /** Shared options, and the connector's own ones, validated. */
  options: TableOptions & Record<string, unknown>;
}
