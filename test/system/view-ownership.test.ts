import { expect, test } from 'vitest';
import { SystemState } from '../../src/system/system-state.ts';
import { deleteOwners, listOwners, saveOwners } from '../../src/system/view-ownership.ts';
import { temporaryFolder } from '../helpers/extracts.ts';

test('ten thousand names are gained, moved and lost at once within the memory the state has', async () => {
  await using home = await temporaryFolder();
  const state = await SystemState.open(home.directory);
  try {
    const names = Array.from({ length: 10_000 }, (_, index) => `table_${index}`);
    for (const source of ['first', 'second']) {
      await state.write((session) =>
        saveOwners(
          session,
          names.map((name) => [name, source] as const),
        ),
      );
      const owners = await state.read(listOwners);
      expect([owners.size, new Set(owners.values())]).toEqual([10_000, new Set([source])]);
    }
    await state.write((session) => deleteOwners(session, names.slice(1)));
    expect([...(await state.read(listOwners))]).toEqual([['table_0', 'second']]);
  } finally {
    await state.close();
  }
});
