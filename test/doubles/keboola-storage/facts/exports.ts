/** Facts about exports: slices, cache, filters, refusals. */
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { dig, FactsClient, type Json } from '../facts-client.ts';
import { type Fact, orders, text } from './ground.ts';

export const exportFacts: Fact[] = [
  [
    'slices carry no header; their column order is the one that was sent',
    async ({ client }) => {
      expect(text(await client.slices(orders, { columns: 'name,id', gzip: true }))).toBe(
        '"a","1"\n"","2"\n"x""y\nz","10"\n',
      );
    },
  ],
  [
    'there are several slices, in the order of the listing, not of their numbers',
    async ({ client, control }) => {
      await control.project.load(
        orders,
        Array.from({ length: 12 }, (_, n) => [String(n), 'x']),
      );
      const entries = await client.entries(await client.file(orders, { columns: 'id', gzip: true }));
      expect(entries).toHaveLength(12);
      expect(entries.map((url) => /_(\d+)_0_0\.csv\.gz$/.exec(url)![1])).toEqual([
        '0',
        '10',
        '11',
        '1',
        '2',
        '3',
        '4',
        '5',
        '6',
        '7',
        '8',
        '9',
      ]);
    },
    { sliceRows: 1 },
  ],
  [
    'zero rows are a manifest without entries',
    async ({ client, control }) => {
      await control.project.load(orders, []);
      expect(await client.entries(await client.file(orders, { columns: 'id', gzip: true }))).toEqual([]);
    },
  ],
  [
    'zero rows may also be one zero-byte slice',
    async ({ client, control }) => {
      await control.project.load(orders, []);
      const slices = await client.slices(orders, { columns: 'id', gzip: true });
      expect(slices.map(({ length }) => length)).toEqual([0]);
    },
    { emptyExport: 'zero-byte-slice' },
  ],
  [
    'without gzip slices are plain and names end in .csv',
    async ({ client }) => {
      const file = await client.file(orders, { columns: 'id' });
      expect(file.name).toBe(`${orders}.csv`);
      expect(Buffer.concat(await client.slices(orders, { columns: 'id' })).toString()).toBe('"1"\n"2"\n"10"\n');
    },
  ],
  [
    'the same export of the same state comes from the cache, also for another token, once the index has caught up',
    async ({ client, double, control }) => {
      const first = await client.job(orders, { columns: 'id', gzip: true });
      expect(dig(first, 'results', 'cacheHit')).toBe(false);
      expect(dig(await client.job(orders, { columns: 'id', gzip: true }), 'results', 'cacheHit')).toBe(false);
      control.clock.advance(2000);
      const again = await new FactsClient(double, double.tokens.readOneBucket).job(orders, {
        columns: 'id',
        gzip: true,
      });
      expect(dig(again, 'results', 'cacheHit')).toBe(true);
      expect(dig(await client.job(orders, { columns: 'name', gzip: true }), 'results', 'cacheHit')).toBe(false);
      await control.project.load(orders, [['7', 'q']]);
      expect(dig(await client.job(orders, { columns: 'id', gzip: true }), 'results', 'cacheHit')).toBe(false);
    },
  ],
  [
    'form bodies are read with bracket names, as old clients send them',
    async ({ client }) => {
      const body = new URLSearchParams([
        ['columns', 'id'],
        ['gzip', '1'],
        ['whereFilters[0][column]', 'id'],
        ['whereFilters[0][operator]', 'eq'],
        ['whereFilters[0][values][0]', '1'],
        ['whereFilters[0][values][1]', '2'],
      ]);
      const response = await client.fetch(`/tables/${orders}/export-async`, { method: 'POST', body });
      expect(response.status).toBe(202);
      const job = (await response.json()) as Json;
      expect(job).toMatchObject({
        operationName: 'tableExport',
        operationParams: { export: { whereFilters: [{ values: ['1', '2'] }] } },
      });
    },
  ],
  [
    'a classic table compares numbers as text unless dataType says otherwise',
    async ({ client }) => {
      const ids = async (filter: object) =>
        text(
          await client.slices(orders, {
            columns: 'id',
            gzip: true,
            whereFilters: [{ column: 'id', operator: 'gt', values: ['1'], ...filter }],
            orderBy: [{ column: 'id', order: 'ASC' }],
          }),
        );
      expect(await ids({ values: ['9'] })).toBe('');
      expect(await ids({ dataType: 'INTEGER', values: ['9'] })).toBe('"10"\n');
      expect(await ids({ operator: 'eq', values: ['1', '2'] })).toBe('"1"\n"2"\n');
      expect(await ids({ operator: 'ne', values: ['1', '2'] })).toBe('"10"\n');
    },
  ],
  [
    'bad parameters are 400 with the code the service uses',
    async ({ client, control }) => {
      const code = async (body: object) => (await client.job(orders, body)).code;
      expect(await code({ columns: 'nope' })).toBe('storage.tables.nonExistingColumns');
      expect(await code({ columns: 'id', format: 'xml' })).toBe('storage.tables.validation.invalidFormat');
      expect(await code({ whereFilters: [{ column: 'zzz', operator: 'eq', values: ['1'] }] })).toBe(
        'storage.tables.validation.columnNotExists',
      );
      expect(await code({ whereFilters: [{ column: 'id', operator: 'neq', values: ['1'] }] })).toBe(
        'storage.tables.validation',
      );
      expect(await code({ columns: '_timestamp' })).toBe('storage.tables.nonExistingColumns');
      expect(await code({ fileType: 'parquet', timezone: 'Europe/Prague' })).toBe('storage.tables.validation');
      expect((await client.job('in.c-main.missing', {})).code).toBe('storage.tables.notFound');
      expect((await client.fetch('/buckets/in.c-missing/tables')).status).toBe(404);
      expect(control.violations).toEqual([]);
    },
  ],
  [
    'a column that cannot be filtered refuses a filter',
    async ({ client, control }) => {
      await control.project.createTable({
        id: 'in.c-main.geo',
        columns: [{ name: 'g', type: 'GEOGRAPHY', canBeFiltered: false }],
      });
      expect(
        (await client.job('in.c-main.geo', { whereFilters: [{ column: 'g', operator: 'eq', values: ['x'] }] })).code,
      ).toBe('storage.tables.validation');
    },
  ],
  [
    'retired backends answer with one unsliced object',
    async ({ client }) => {
      const file = await client.file(orders, { columns: 'id', gzip: true });
      expect(file.isSliced).toBe(false);
      expect(gunzipSync(Buffer.from(await (await fetch(String(file.url))).arrayBuffer())).toString()).toBe(
        'id\n1\n2\n10\n',
      );
    },
    { isSliced: false, unslicedHeader: true },
  ],
];
