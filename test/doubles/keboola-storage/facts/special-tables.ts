/** Facts about aliases, linked buckets, external and odd tables. */
import { expect } from 'vitest';
import { dig, type Json } from '../facts-client.ts';
import { type Fact, orders, text } from './ground.ts';

export const specialTableFacts: Fact[] = [
  [
    'an alias shows a subset of columns, no own column metadata and its source',
    async ({ client, control }) => {
      control.project.setMetadata(orders, 'id', [{ key: 'KBC.datatype.basetype', value: 'INTEGER' }]);
      control.project.createAlias({ id: 'out.c-share.ids', source: orders, columns: ['id'] });
      const detail = await client.get('/tables/out.c-share.ids');
      expect(detail).toMatchObject({
        isAlias: true,
        columns: ['id'],
        columnMetadata: [],
        sourceTable: { id: orders, project: { id: 4711 } },
      });
      expect(dig(detail, 'sourceTable', 'columnMetadata', 'id')).toHaveLength(1);
      expect(text(await client.slices('out.c-share.ids', { columns: 'id', gzip: true }))).toBe('"1"\n"2"\n"10"\n');
    },
  ],
  [
    'an alias filter holds for exports',
    async ({ client, control }) => {
      control.project.createAlias({
        id: 'out.c-share.one',
        source: orders,
        filter: { column: 'id', operator: 'eq', values: ['2'] },
      });
      expect(text(await client.slices('out.c-share.one', { columns: 'id', gzip: true }))).toBe('"2"\n');
    },
  ],
  [
    'a linked bucket shows the tables of another project',
    async ({ client, control }) => {
      await control.otherProject.createTable({ id: 'out.c-shared.facts', columns: ['k'], rows: [['v']] });
      control.project.createBucket({
        id: 'in.c-linked',
        linkedTo: { project: control.otherProject, bucketId: 'out.c-shared' },
      });
      expect(await client.get('/buckets/in.c-linked')).toMatchObject({
        isLinkedBucket: true,
        sourceBucket: { id: 'out.c-shared', project: { id: 4712 } },
        backendPath: ['KEBOOLA_4712', 'out.c-shared'],
      });
      expect(dig(await client.get('/tables/in.c-linked.facts'), 'sourceTable', 'project', 'id')).toBe(4712);
      expect(text(await client.slices('in.c-linked.facts', { columns: 'k', gzip: true }))).toBe('"v"\n');
    },
  ],
  [
    'an external table has null counts and cannot be filtered by changedSince',
    async ({ client, control }) => {
      await control.project.createTable({ id: 'in.c-main.ext', columns: ['a'], isExternal: true });
      expect(await client.get('/tables/in.c-main.ext')).toMatchObject({
        rowsCount: null,
        dataSizeBytes: null,
        timestampType: 'NONE',
      });
      expect((await client.job('in.c-main.ext', { columns: 'a', changedSince: 1 })).httpStatus).toBe(400);
    },
  ],
  [
    'a bucket may hold hundreds of tables and a table hundreds of columns',
    async ({ client, control }) => {
      for (let n = 0; n < 500; n += 1) await control.project.createTable({ id: `in.c-many.t${n}`, columns: ['a'] });
      expect((await client.get('/buckets/in.c-many/tables')) as unknown as Json[]).toHaveLength(500);
      const columns = Array.from({ length: 300 }, (_, n) => `c${n}`);
      await control.project.createTable({ id: 'in.c-main.wide', columns, rows: [columns] });
      expect(
        text(await client.slices('in.c-main.wide', { columns: columns.join(','), gzip: true })).split(','),
      ).toHaveLength(300);
    },
  ],
  [
    'a table without columns is an empty export',
    async ({ client, control }) => {
      await control.project.createTable({ id: 'in.c-main.nothing', columns: [] });
      expect(await client.get('/tables/in.c-main.nothing')).toMatchObject({ columns: [], rowsCount: 0 });
      expect(await client.slices('in.c-main.nothing', { gzip: true })).toEqual([]);
    },
  ],
  [
    'columns may differ in case only, be keywords or hold quotes',
    async ({ client, control }) => {
      const columns = ['id', 'ID', 'select', 'a"b'];
      await control.project.createTable({ id: 'in.c-main.odd', columns, rows: [['1', '2', '3', '4']] });
      expect(text(await client.slices('in.c-main.odd', { columns: 'ID,select,a"b,id', gzip: true }))).toBe(
        '"2","3","4","1"\n',
      );
    },
  ],
];
