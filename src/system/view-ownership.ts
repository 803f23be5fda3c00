/** `view_ownership`: which source owns a flat view name, so that a name survives its owner's bad days. */
import type { Session } from '../duckdb/session.ts';
import { inBatches } from './in-batches.ts';

/** Source names by flat view name. */
export async function listOwners(session: Session): Promise<Map<string, string>> {
  const rows = await session.rows<{ name: string; source_name: string }>(
    'SELECT name, source_name FROM view_ownership ORDER BY name',
  );
  return new Map(rows.map((row) => [row.name, row.source_name]));
}

/** Gives names to sources. */
export async function saveOwners(session: Session, owners: readonly (readonly [string, string])[]): Promise<void> {
  const rows = owners.map(([name, source]) => [name, source]);
  await inBatches(rows, (places, values) =>
    session.run(
      `INSERT INTO view_ownership (name, source_name) VALUES ${places}
       ON CONFLICT (name) DO UPDATE SET source_name = excluded.source_name`,
      values,
    ),
  );
}

export async function deleteOwners(session: Session, names: readonly string[]): Promise<void> {
  const rows = names.map((name) => [name]);
  await inBatches(rows, (places, values) =>
    session.run(`DELETE FROM view_ownership WHERE name IN (${places})`, values),
  );
}
