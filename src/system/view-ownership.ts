/** `view_ownership`: which source owns a flat view name, so that a name survives its owner's bad days. */
import type { Session } from '../duckdb/session.ts';

/** Source names by flat view name. */
export async function listOwners(session: Session): Promise<Map<string, string>> {
  const rows = await session.rows<{ name: string; source_name: string }>(
    'SELECT name, source_name FROM view_ownership ORDER BY name',
  );
  return new Map(rows.map((row) => [row.name, row.source_name]));
}

/** Gives `name` to a source. */
export async function saveOwner(session: Session, name: string, source: string): Promise<void> {
  await session.run(
    `INSERT INTO view_ownership (name, source_name) VALUES ($1, $2)
     ON CONFLICT (name) DO UPDATE SET source_name = excluded.source_name`,
    [name, source],
  );
}

export async function deleteOwner(session: Session, name: string): Promise<void> {
  await session.run('DELETE FROM view_ownership WHERE name = $1', [name]);
}
