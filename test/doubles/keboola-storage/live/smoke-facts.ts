/** Facts that hold on the double and on a real project alike; they only read. */
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { dig, digText, type FactsClient, type Json } from '../facts-client.ts';

type SmokeFact = [title: string, check: (client: FactsClient) => Promise<unknown>];

/** A table small enough to export for a smoke test. */
async function smallTable(client: FactsClient): Promise<Json> {
  for (const bucket of (await client.get('/buckets')) as unknown as Json[]) {
    const tables = (await client.get(`/buckets/${bucket.id}/tables?include=columns`)) as unknown as Json[];
    const found = tables.find(
      ({ rowsCount, isAlias }) => !isAlias && Number(rowsCount) > 0 && Number(rowsCount) < 100_000,
    );
    if (found) return found;
  }
  throw new Error('The project has no table with 1 to 100,000 rows to try.');
}

/** Each returns what the recorder may keep. */
export const smokeFacts: SmokeFact[] = [
  [
    'the index answers without a token',
    async (client) => {
      const response = await fetch(`${client.stack.url}/v2/storage?exclude=components`);
      const index = await response.json();
      expect([response.status, dig(index, 'api')]).toEqual([200, 'storage']);
      return index;
    },
  ],
  [
    'tokens/verify names project, backend, file provider and limits',
    async (client) => {
      const verified = await client.get('/tokens/verify');
      expect(digText(verified, 'owner', 'id')).toMatch(/^\d+$/);
      expect(['snowflake', 'bigquery']).toContain(dig(verified, 'owner', 'defaultBackend'));
      expect(['aws', 'azure', 'gcp']).toContain(dig(verified, 'owner', 'fileStorageProvider'));
      expect(verified).toHaveProperty('bucketPermissions');
      return verified;
    },
  ],
  [
    'an unknown token is 401 with a code',
    async (client) => {
      const response = await fetch(`${client.stack.url}/v2/storage/tokens/verify`, {
        headers: { 'x-storageapi-token': '1-2-unknown' },
      });
      const answer = await response.json();
      expect(response.status).toBe(401);
      expect(digText(answer, 'code')).toMatch(/^storage\./);
      return answer;
    },
  ],
  [
    'lists honour include, the detail has columns, dates with +0100 or +0200 and no colon',
    async (client) => {
      const table = await smallTable(client);
      const detail = await client.get(`/tables/${table.id}`);
      expect(detail.columns).toEqual(table.columns);
      expect(String(detail.lastChangeDate)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0[12]00$/);
      const [bare] = (await client.get(`/buckets/${dig(detail, 'bucket', 'id')}/tables?include=`)) as unknown as Json[];
      expect(bare).not.toHaveProperty('columns');
      return detail;
    },
  ],
  [
    'an export of one column is sliced, has no header and as many records as the detail says',
    async (client) => {
      const table = await smallTable(client);
      const column = (table.columns as string[])[0]!;
      const file = await client.file(String(table.id), { columns: column, gzip: true });
      expect(file.isSliced).toBe(true);
      const entries = await client.entries(file);
      const slices = await Promise.all(
        entries.map(async (url) => Buffer.from(await (await client.object(file, url)).arrayBuffer())),
      );
      const text = slices.map((slice) => gunzipSync(slice).toString()).join('');
      expect(text.split('\n')[0]!.replaceAll('"', '')).not.toBe(column);
      // Multi-line cells make more lines than records, never fewer.
      expect(text.split('\n').length - 1).toBeGreaterThanOrEqual(Number(table.rowsCount));
      return { file, entries };
    },
  ],
  [
    'an unknown column is 400',
    async (client) => {
      const table = await smallTable(client);
      const refused = await client.job(String(table.id), { columns: 'no_such_column_here' });
      expect(refused.httpStatus).toBe(400);
      return refused;
    },
  ],
];
