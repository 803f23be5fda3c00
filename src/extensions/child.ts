/** The child that loads an extension and says whether DuckDB takes it. */
import { probe } from '../duckdb/probe.ts';
import { literal } from '../duckdb/quote.ts';
import { serveParent } from '../process/serve-parent.ts';
import type { LoadTask } from './load-in-child.ts';

await serveParent<LoadTask>(async ({ path }) =>
  probe(async (session) => {
    try {
      await session.run(`LOAD ${literal(path)}`);
      return { refusal: null };
    } catch (thrown) {
      return { refusal: (thrown instanceof Error ? thrown.message : String(thrown)).trim().split('\n')[0] };
    }
  }),
);
