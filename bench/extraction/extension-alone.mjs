/** DuckDB's Postgres extension by itself, one COPY of the table to a Parquet file in a process of its own: what ours on the same engine is compared with. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';

const self = fileURLToPath(import.meta.url);

/** Seconds by the clock and of the processor, and the most memory in MB. */
export function extensionAlone({ directory, url, file, memoryLimit, threads }) {
  const extension = readdirSync(directory, { recursive: true }).find((name) => name.endsWith('.duckdb_extension'));
  const options = { extension: join(directory, extension), url, file, memoryLimit, threads };
  const started = performance.now();
  const ended = spawnSync(process.execPath, [self, JSON.stringify(options)], { encoding: 'utf8' });
  if (ended.status !== 0) throw new Error(ended.stderr);
  return { seconds: (performance.now() - started) / 1000, ...JSON.parse(ended.stdout) };
}

async function copy({ extension, url, file, memoryLimit, threads }) {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(threads), memory_limit: memoryLimit });
  const connection = await instance.connect();
  await connection.run(`LOAD '${extension}'`);
  await connection.run(`ATTACH '${url}' AS source (TYPE postgres, READ_ONLY)`);
  await connection.run(
    `COPY source.public.events TO '${file}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)`,
  );
  const { user, system } = process.cpuUsage();
  const peakMegabytes = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(JSON.stringify({ cpuSeconds: (user + system) / 1e6, peakMegabytes }));
  process.exit(0);
}

if (process.argv[1] === self) await copy(JSON.parse(process.argv[2]));
