import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listBackups } from '../../src/system/backups.ts';
import { stateFiles } from '../../src/system/state-files.ts';
import { SystemState } from '../../src/system/system-state.ts';
import { hashToken, saveToken, validTokens } from '../../src/system/tokens.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-recover-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const token = (id: string) => ({
  id,
  hash: hashToken(id),
  label: id,
  role: 'admin' as const,
  created_at: '2026-01-01T00:00:00.000Z',
  revoked_at: null,
});

/** Files as a power cut leaves them: `saved` is in the database file, `logged` in its write-ahead log only. */
async function cutPower(): Promise<void> {
  const files = stateFiles(directory);
  const state = await SystemState.open(directory);
  await state.write((session) => saveToken(session, token('saved')));
  await state.backup(new Date('2026-01-01T00:00:00Z'));
  for (let index = 0; index < 30; index += 1) {
    await state.write((session) => saveToken(session, token(`logged${index}`)));
  }
  for (const path of [files.database, files.wal]) copyFileSync(path, `${path}.cut`);
  await state.close();
  for (const path of [files.database, files.wal]) copyFileSync(`${path}.cut`, path);
}

function damage(path: string, from: number, to: number): void {
  const bytes = readFileSync(path);
  for (let at = from; at < Math.min(to, bytes.length); at += 1) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
}

const tokens = async () => {
  const state = await SystemState.open(directory);
  const ids = (await state.read(validTokens)).map((row) => row.id);
  await state.close();
  return { ids, recovery: state.recovery };
};

describe('a state that was cut off', () => {
  it('replays a good log and loses nothing', async () => {
    await cutPower();
    const { ids, recovery } = await tokens();
    expect(ids).toHaveLength(31);
    expect(recovery).toBeNull();
  });

  it('drops a log that cannot be replayed, keeps what was checkpointed and says so', async () => {
    await cutPower();
    const { wal } = stateFiles(directory);
    damage(wal, 64, statSync(wal).size - 200);
    const { ids, recovery } = await tokens();
    expect(ids).toEqual(['saved']);
    expect(recovery?.step).toBe('wal_dropped');
    expect(recovery?.message).toMatch(/may be lost/);
    const [aside] = readdirSync(stateFiles(directory).damaged);
    expect(readdirSync(join(stateFiles(directory).damaged, aside as string)).sort()).toEqual([
      'system.duckdb',
      'system.duckdb.wal',
    ]);
  });

  it('restores the newest backup that can be read when the file itself is damaged', async () => {
    await cutPower();
    const files = stateFiles(directory);
    copyFileSync(
      (await listBackups(files))[0] as string,
      join(files.backups, 'system-2026-06-01T00-00-00.000Z.duckdb'),
    );
    damage(join(files.backups, 'system-2026-06-01T00-00-00.000Z.duckdb'), 0, 8192);
    damage(files.database, 0, 16384);
    const { ids, recovery } = await tokens();
    expect(ids).toEqual(['saved']);
    expect(recovery?.step).toBe('backup_restored');
    expect(recovery?.message).toContain('2026-01-01T00:00:00.000Z');
  });

  it('refuses when nothing can be read, says what would be lost, and refuses again next time', async () => {
    await cutPower();
    const files = stateFiles(directory);
    for (const backup of await listBackups(files)) damage(backup, 0, 8192);
    damage(files.database, 0, 16384);
    for (let round = 0; round < 2; round += 1) {
      await expect(SystemState.open(directory)).rejects.toMatchObject({
        code: 'state_lost',
        message: expect.stringContaining('would lose the table registry'),
      });
      expect(existsSync(files.database)).toBe(true);
    }
  });
});
