/** What DuckDB calls its extensions: people say `postgres`, the file is `postgres_scanner`. Pure. */
import { AttacheError } from '../errors/attache-error.ts';

const fileNames: Record<string, string> = {
  postgres: 'postgres_scanner',
  mysql: 'mysql_scanner',
  sqlite: 'sqlite_scanner',
  sqlite3: 'sqlite_scanner',
  http: 'httpfs',
  https: 'httpfs',
  s3: 'httpfs',
  md: 'motherduck',
  odbc: 'odbc_scanner',
  uc_catalog: 'unity_catalog',
};

/** Compiled into the driver: nothing has to be installed. */
export const builtinExtensions: readonly string[] = ['autocomplete', 'core_functions', 'icu', 'json', 'parquet'];

/** The name of the file, without its ending; throws `name_invalid` for what cannot be one. */
export function extensionFileName(name: string): string {
  const known = fileNames[name.toLowerCase()] ?? name.toLowerCase();
  if (/^[a-z][a-z0-9_]{0,62}$/.test(known)) return known;
  throw new AttacheError('name_invalid', {
    message: `${JSON.stringify(name)} cannot be the name of a DuckDB extension.`,
    hint: 'Names are like postgres, httpfs or spatial.',
  });
}
