/** A small database in memory for one short question, opened and closed around it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from './database.ts';
import type { Session } from './session.ts';

/** Answers `question` in a session of its own. */
export async function probe<Answer>(question: (session: Session) => Promise<Answer>): Promise<Answer> {
  const tempDirectory = await mkdtemp(join(tmpdir(), 'da-probe-'));
  try {
    await using database = await Database.inMemory({ memoryLimit: '512MB', threads: 2, tempDirectory });
    return await question(await database.connect());
  } finally {
    await rm(tempDirectory, { recursive: true, force: true });
  }
}
