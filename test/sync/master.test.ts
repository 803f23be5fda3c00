import { expect, test } from 'vitest';
import { SyncOrchestrator } from '../../src/orchestrator/orchestrator.ts';
import { Master } from '../../src/sync/master.ts';
import { SystemState } from '../../src/system/system-state.ts';
import { foreignMeta, publishTables, temporaryFolder, writeForeign } from '../helpers/extracts.ts';
import { instanceConfig, until } from '../helpers/instance.ts';

test('an extract of another program follows by itself when it has been looked at; who published something waits for it no longer', async () => {
  await using data = await temporaryFolder();
  const config = instanceConfig(data.directory);
  const state = await SystemState.open(data.directory);
  try {
    const master = new Master(new SyncOrchestrator(config), state);
    await publishTables(data.directory, 'crm', { orders: 'SELECT 1 AS id' });
    await writeForeign(data.directory, 'erp', [
      foreignMeta,
      'CREATE TABLE items AS SELECT 1 AS id',
      "INSERT INTO _meta (table_name) VALUES ('items')",
    ]);
    await master.rebuild();
    expect([...master.catalogue().tables.keys()]).toEqual(['orders']);
    await until(async () => master.catalogue().tables.has('items'));
    await until(async () => master.report?.looking.length === 0);
    expect(master.report?.claims.get('items')).toBe('erp');
  } finally {
    await state.close();
  }
});
