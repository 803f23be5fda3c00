/** DuckDB alone writes the rows of local Parquet files once more, as an extraction writes them: prints the seconds that took. */
import { DuckDBInstance } from '@duckdb/node-api';

const [target, ...files] = process.argv.slice(2);
const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '500MB' });
const connection = await instance.connect();
const list = files.map((file) => `'${file}'`).join(', ');
const started = performance.now();
await connection.run(
  `COPY (SELECT * FROM read_parquet([${list}])) TO '${target}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)`,
);
process.stdout.write(JSON.stringify({ seconds: (performance.now() - started) / 1000 }));
