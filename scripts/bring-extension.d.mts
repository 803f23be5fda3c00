export type Brought =
  | { directory: string; wheel: string; reason?: undefined }
  | { reason: string; directory?: undefined; wheel?: undefined };

/** A folder for `duckdb.extension_directories` with the Postgres extension, or why there is none. */
export function bringPostgresExtension(): Promise<Brought>;
