import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listBackups, verifyState } from '../../src/system/backups.ts';
import { stateFiles, stateLimits } from '../../src/system/state-files.ts';
import { SystemState } from '../../src/system/system-state.ts';
import { hashToken, saveToken, validTokens } from '../../src/system/tokens.ts';
import { probeWrite } from '../../src/system/write-probe.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-state-'));
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

describe('the state of an instance', () => {
  it('keeps what was written when it is closed and opened again', async () => {
    const first = await SystemState.open(directory);
    await first.write((session) => saveToken(session, token('a')));
    await first.close();
    const second = await SystemState.open(directory);
    expect((await second.read(validTokens)).map((row) => row.id)).toEqual(['a']);
    expect(second.recovery).toBeNull();
    await second.close();
  });

  it('undoes everything of a write that throws halfway', async () => {
    const state = await SystemState.open(directory);
    const attempt = state.write(async (session) => {
      await saveToken(session, token('a'));
      throw new Error('halfway');
    });
    await expect(attempt).rejects.toThrow('halfway');
    await state.write((session) => saveToken(session, token('b')));
    expect((await state.read(validTokens)).map((row) => row.id)).toEqual(['b']);
    await state.close();
  });

  it('lets writers take turns, so that no statement slips into the transaction of another', async () => {
    const state = await SystemState.open(directory);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        state.write(async (session) => {
          await saveToken(session, token(`t${index}`));
          await new Promise((resolve) => setImmediate(resolve));
          if (index % 2 === 1) throw new Error('odd');
        }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(10);
    expect(await state.read(validTokens)).toHaveLength(10);
    await state.close();
  });

  it('replaces one row many times without breaking its key', async () => {
    const state = await SystemState.open(directory);
    for (let round = 0; round < 50; round += 1)
      await state.write((session) => saveToken(session, { ...token('a'), label: `${round}` }));
    await state.close();
    const again = await SystemState.open(directory);
    expect(await again.read(validTokens)).toMatchObject([{ id: 'a', label: '49' }]);
    await again.close();
  });

  it('is refused to a second opener', async () => {
    const state = await SystemState.open(directory);
    await expect(SystemState.open(directory)).rejects.toThrow(/already open/);
    await state.close();
  });

  it('opens again by itself after the engine gave up on the instance', async () => {
    const state = await SystemState.open(directory);
    await state.write((session) => saveToken(session, token('a')));
    const fatal = state.write(async () => {
      throw new Error('FATAL Error: database has been invalidated because of a previous fatal error');
    });
    await expect(fatal).rejects.toThrow('invalidated');
    await state.write((session) => probeWrite(session, '2026-01-01T00:00:00.000Z'));
    expect(await state.read(validTokens)).toHaveLength(1);
    await state.close();
  });
});

describe('backups', () => {
  it('are written only when something changed, are readable, and only the newest five stay', async () => {
    const state = await SystemState.open(directory);
    expect(await state.backup()).toBeNull();
    for (let day = 1; day <= 7; day += 1) {
      await state.write((session) => saveToken(session, token(`t${day}`)));
      expect(await state.backup(new Date(`2026-01-0${day}T00:00:00Z`))).not.toBeNull();
    }
    expect(await state.backup()).toBeNull();
    await state.close();
    const backups = await listBackups(stateFiles(directory));
    expect(backups.map((path) => /2026-01-0\d/.exec(path)?.[0])).toEqual([
      '2026-01-07',
      '2026-01-06',
      '2026-01-05',
      '2026-01-04',
      '2026-01-03',
    ]);
    expect(await verifyState(backups[0] as string, stateLimits(directory))).toBeGreaterThan(0);
    await copyFile(backups[0] as string, join(directory, 'system.duckdb'));
    const restored = await SystemState.open(directory);
    expect(await restored.read(validTokens)).toHaveLength(7);
    await restored.close();
  });
});
