/** Facts about data previews. */
import { expect } from 'vitest';
import { dig } from '../facts-client.ts';
import { type Fact, orders } from './ground.ts';

export const previewFacts: Fact[] = [
  [
    'a preview is CSV with a header and every cell quoted, or JSON with cut cells',
    async ({ client, control }) => {
      expect(await (await client.fetch(`/tables/${orders}/data-preview?limit=2`)).text()).toBe(
        '"id","name"\n"1","a"\n"2",""\n',
      );
      await control.project.load(orders, [['1', 'x'.repeat(20_000)]]);
      const json = await client.get(`/tables/${orders}/data-preview?format=json&columns=name`);
      expect(dig(json, 'rows', 0, 0)).toMatchObject({ columnName: 'name', isTruncated: true });
      expect(dig(json, 'rows', 0, 0, 'value')).toHaveLength(16_384);
    },
  ],
  [
    'a preview refuses more than 1000 rows or 30 columns',
    async ({ client, control }) => {
      expect((await client.get(`/tables/${orders}/data-preview?limit=1001`)).code).toBe('storage.tables.validation');
      await control.project.createTable({
        id: 'in.c-main.wide',
        columns: Array.from({ length: 31 }, (_, n) => `c${n}`),
      });
      expect((await client.get('/tables/in.c-main.wide/data-preview')).code).toBe('storage.maxNumberOfColumnsExceed');
      expect((await client.fetch('/tables/in.c-main.wide/data-preview?columns=c1,c2')).status).toBe(200);
    },
  ],
];
