/** The first way of a connector: SQL by which a DuckDB session sees the source. */
import type { Column } from '../contract/shapes.ts';
import type { Session } from '../duckdb/session.ts';
import type { AttacheError } from '../errors/attache-error.ts';
import type { ColumnPlan } from './read-way.ts';
import type { SourceContext } from './source-context.ts';
import type { TableRequest } from './table-request.ts';

/** SQL by which a DuckDB session sees the source. */
export interface AttachWay<Settings> {
  /** Extension that must be loadable; absent for what DuckDB has built in. */
  extension?: string;
  /** Statements that attach the source READ_ONLY as `alias`. */
  statements(context: SourceContext<Settings>, alias: string): string[];
  /** The relation of a table. */
  relation(table: TableRequest, alias: string): string;
  /** How to replace a column whose type DuckDB would not keep in Parquet. */
  retype?(column: Column): Pick<ColumnPlan, 'type' | 'expression' | 'lossy' | 'wider'> | null;
  /** Taken before the read: a value that stays equal as long as nothing in the source changed; null when it cannot tell. */
  fingerprint?(
    context: SourceContext<Settings>,
    table: TableRequest,
    session: Session,
    alias: string,
  ): Promise<string | null>;
  /** What DuckDB's error means here: locked, missing, unreachable. */
  explain?(context: SourceContext<Settings>, thrown: unknown): AttacheError;
}
