/** `write_probe`: proves that the state can be written now; a process that cannot is not ready, whatever else works. */
import type { Session } from '../duckdb/session.ts';

export async function probeWrite(session: Session, now: string): Promise<void> {
  await session.run(
    `INSERT INTO write_probe (id, written_at) VALUES (1, $1)
     ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at`,
    [now],
  );
}
