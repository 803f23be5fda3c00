/** The SQL of the contract's own tables; nobody else knows their columns. */

export const metaColumns = [
  ['table_name', 'VARCHAR'],
  ['description', 'VARCHAR'],
  ['rows', 'BIGINT'],
  ['size_bytes', 'BIGINT'],
  ['extracted_at', 'TIMESTAMP'],
  ['query_mode', 'VARCHAR'],
] as const;

export const partsColumns = [
  ['table_name', 'VARCHAR'],
  ['path', 'VARCHAR'],
  ['rows', 'BIGINT'],
  ['size_bytes', 'BIGINT'],
  ['sha256', 'VARCHAR'],
] as const;

export const remoteAttachColumns = [
  ['alias', 'VARCHAR'],
  ['extension', 'VARCHAR'],
  ['url', 'VARCHAR'],
  ['token_env', 'VARCHAR'],
] as const;

export const createMeta = `CREATE TABLE _meta (
  table_name VARCHAR NOT NULL, description VARCHAR, rows BIGINT, size_bytes BIGINT,
  extracted_at TIMESTAMP, query_mode VARCHAR DEFAULT 'local')`;

export const createParts =
  'CREATE TABLE _parts (table_name VARCHAR, path VARCHAR, rows BIGINT, size_bytes BIGINT, sha256 VARCHAR)';

export const createRemoteAttach =
  'CREATE TABLE _remote_attach (alias VARCHAR, extension VARCHAR, url VARCHAR, token_env VARCHAR)';

/** Ours: what the publisher remembers of each table. `record` is JSON. Row `''` holds the extract's generation. */
export const createRecords = 'CREATE TABLE _da_tables (table_name VARCHAR, record VARCHAR)';
