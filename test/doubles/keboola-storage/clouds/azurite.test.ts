import { expect, it } from 'vitest';
import { FactsClient } from '../facts-client.ts';
import { startKeboolaStorage } from '../index.ts';
import { startAzurite } from './start-azurite.ts';

const orders = 'in.c-main.orders';

it('azurite takes the slices, accepts the minted SAS for its container and for no other', async () => {
  const azurite = await startAzurite();
  const double = await startKeboolaStorage({ fileProvider: 'azure', azurePeer: azurite.peer, sliceRows: 1 });
  try {
    await double.control.project.createTable({ id: orders, columns: ['id'], rows: [['1'], ['2']] });
    const client = new FactsClient(double);
    const file = await client.file(orders, { columns: 'id' });
    const entries = await client.entries(file);
    expect(entries[0]).toMatch(/^azure:\/\/devstoreaccount1\.blob\.core\.windows\.net\/exp-15-export-/);
    expect(await (await client.object(file, entries[0]!)).text()).toBe('"1"\n');
    const other = await client.file(orders, { columns: 'id', gzip: true });
    expect((await client.object(other, entries[0]!)).status).toBe(403);
    const endpoint = String(file.url).split('?')[0]!;
    expect((await fetch(endpoint)).status).toBeGreaterThanOrEqual(400);
  } finally {
    await double.stop();
    await azurite.stop();
  }
});
