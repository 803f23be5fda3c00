// A third party's extractor: it knows the contract and nothing of this project.
import { mkdirSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
const instance = await DuckDBInstance.create(`${folder}/extract.duckdb`);
const db = await instance.connect();
await db.run(`CREATE TABLE _meta (table_name VARCHAR NOT NULL, description VARCHAR, rows BIGINT, size_bytes BIGINT,
  extracted_at TIMESTAMP, query_mode VARCHAR DEFAULT 'local')`);
await db.run('CREATE TABLE readings AS SELECT range AS hour, 20 + range % 7 AS celsius FROM range(24)');
await db.run("INSERT INTO _meta VALUES ('readings', 'Hourly temperature', 24, 0, now()::TIMESTAMP, 'local')");
db.disconnectSync();
instance.closeSync();
