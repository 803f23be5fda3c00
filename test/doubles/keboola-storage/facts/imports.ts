/** Facts about imports, `_timestamp` and deletions. */
import { expect } from 'vitest';
import { digText } from '../facts-client.ts';
import { type Fact, orders, text } from './ground.ts';

export const importFacts: Fact[] = [
  [
    'a full load stamps every row, an incremental one only new and different rows',
    async ({ client, control }) => {
      control.clock.advance(3_600_000);
      const since = control.clock.seconds() - 60;
      await control.project.load(
        orders,
        [
          ['1', 'a'],
          ['2', 'changed'],
          ['11', 'new'],
        ],
        { incremental: true },
      );
      const changed = text(
        await client.slices(orders, {
          columns: 'id',
          gzip: true,
          changedSince: since,
          orderBy: [{ column: 'id', order: 'ASC' }],
        }),
      );
      expect(changed).toBe('"11"\n"2"\n');
      expect((await client.get(`/tables/${orders}`)).rowsCount).toBe(4);
      control.clock.advance(3_600_000);
      await control.project.load(orders, [['1', 'a']]);
      expect(
        text(await client.slices(orders, { columns: 'id', gzip: true, changedSince: control.clock.seconds() - 60 })),
      ).toBe('"1"\n');
    },
  ],
  [
    'changedSince is inclusive and changedUntil exclusive, in whole seconds',
    async ({ client, control }) => {
      await control.project.load(orders, [['1', 'a']], { stamp: 1000 });
      const rows = async (filter: object) =>
        (await client.slices(orders, { columns: 'id', gzip: true, ...filter })).length;
      expect(await rows({ changedSince: 1000 })).toBe(1);
      expect(await rows({ changedSince: 1001 })).toBe(0);
      expect(await rows({ changedUntil: '1000' })).toBe(0);
      expect(await rows({ changedUntil: '1970-01-01 00:16:41' })).toBe(1);
      expect((await client.job(orders, { columns: 'id', changedSince: 'whenever' })).httpStatus).toBe(400);
    },
  ],
  [
    'deleted rows leave no trace for changedSince and move lastChangeDate only',
    async ({ client, control }) => {
      const before = await client.get(`/tables/${orders}`);
      control.clock.advance(3_600_000);
      await control.project.deleteRows(orders, 'id', ['2']);
      const after = await client.get(`/tables/${orders}`);
      expect(after).toMatchObject({ rowsCount: 2, lastImportDate: before.lastImportDate });
      expect(after.lastChangeDate).not.toBe(before.lastChangeDate);
      expect(
        await client.slices(orders, { columns: 'id', gzip: true, changedSince: control.clock.seconds() - 60 }),
      ).toEqual([]);
    },
  ],
  [
    'rows are stamped before lastImportDate, as an import starts before it ends',
    async ({ client }) => {
      const lines = text(await client.slices(orders, { columns: 'id', gzip: true, includeInternalTimestamp: true }))
        .trim()
        .split('\n');
      const stamp = Date.parse(`${/,(?:")?([\d: -]+)(?:")?$/.exec(lines[0]!)![1]!.replace(' ', 'T')}Z`);
      const imported = Date.parse(
        digText(await client.get(`/tables/${orders}`), 'lastImportDate').replace('+0100', '+01:00'),
      );
      expect(imported - stamp).toBe(2000);
    },
  ],
  [
    'a column can go and come between detail and export',
    async ({ client, control }) => {
      await control.project.dropColumn(orders, 'name');
      expect(await client.job(orders, { columns: 'id,name' })).toMatchObject({
        httpStatus: 400,
        code: 'storage.tables.nonExistingColumns',
      });
      await control.project.addColumn(orders, 'note');
      expect(text(await client.slices(orders, { columns: 'note', gzip: true }))).toBe('""\n""\n""\n');
    },
  ],
];
