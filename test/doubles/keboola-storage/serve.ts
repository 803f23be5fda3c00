/** The double as a process of its own, for benches: one JSON line tells where it listens. */
import type { TableSpec } from './control/project-control.ts';
import { type StartOptions, startKeboolaStorage } from './start.ts';

export interface ServeSpec {
  options?: StartOptions;
  /** Tables of the main project; `rows` may be `{ "sql": "SELECT …" }`, so millions of rows need no JSON. */
  tables: TableSpec[];
}

/** Serves until stdin ends or a signal comes; a protocol violation makes the exit code 1. */
export async function serveKeboolaStorage(spec: ServeSpec): Promise<void> {
  const double = await startKeboolaStorage({ diskBacked: true, ...spec.options });
  for (const table of spec.tables) await double.control.project.createTable(table);
  const { url, tokens, environment } = double;
  process.stdout.write(`${JSON.stringify({ url, tokens, environment })}\n`);
  await new Promise<void>((resolve) => {
    process.stdin.resume().once('end', resolve);
    process.once('SIGTERM', resolve).once('SIGINT', resolve);
  });
  process.stdin.destroy();
  await double.stop();
}
