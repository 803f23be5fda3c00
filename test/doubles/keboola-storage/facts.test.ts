import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { dig, digText, FactsClient, type Json } from './facts-client.ts';
import { type KeboolaStorage, type StartOptions, startKeboolaStorage } from './index.ts';

interface Ground {
  double: KeboolaStorage;
  client: FactsClient;
  control: KeboolaStorage['control'];
}

type Fact = [title: string, check: (ground: Ground) => Promise<void>, options?: StartOptions];

const orders = 'in.c-main.orders';

async function check([, run, options]: Fact): Promise<void> {
  const double = await startKeboolaStorage(options);
  try {
    const rows = [
      ['1', 'a'],
      ['2', null],
      ['10', 'x"y\nz'],
    ] as [string, string | null][];
    await double.control.project.createTable({ id: orders, columns: ['id', 'name'], primaryKey: ['id'], rows });
    await run({ double, client: new FactsClient(double), control: double.control });
  } finally {
    await double.stop();
  }
}

const text = (slices: Buffer[]) => slices.map((slice) => gunzipSync(slice).toString()).join('');

const base: Fact[] = [
  [
    'the index answers without a token and says nothing about it',
    async ({ client, double }) => {
      const anonymous = await fetch(`${double.url}/v2/storage?exclude=components`);
      expect(anonymous.status).toBe(200);
      expect(await anonymous.json()).toMatchObject({ api: 'storage', version: 'v2' });
      expect(await new FactsClient(double, 'wrong').get('?exclude=components')).not.toHaveProperty('components');
      expect(Buffer.byteLength(await (await client.fetch('')).text())).toBeGreaterThan(2_000_000);
    },
  ],
  [
    'tokens/verify shows project, rights and limits, and echoes the token',
    async ({ client, double }) => {
      const verified = await client.get('/tokens/verify');
      expect(verified.token).toBe(double.tokens.master);
      expect(verified).toMatchObject({ isMasterToken: true, bucketPermissions: [] });
      expect(verified.owner).toMatchObject({ id: 4711, defaultBackend: 'snowflake', fileStorageProvider: 'aws' });
      expect(dig(verified, 'owner', 'limits', 'storage.jobsParallelism', 'value')).toBe(10);
      const narrow = await new FactsClient(double, double.tokens.readOneBucket).get('/branch/default/tokens/verify');
      expect(narrow.bucketPermissions).toEqual({ 'in.c-main': 'read' });
      expect(dig(await new FactsClient(double, double.tokens.otherProject).get('/tokens/verify'), 'owner', 'id')).toBe(
        4712,
      );
    },
  ],
  [
    'expired, disabled and unknown tokens get 401 storage.token…',
    async ({ double }) => {
      for (const token of [double.tokens.expired, double.tokens.disabled, 'nonsense']) {
        const answer = await new FactsClient(double, token).fetch('/tokens/verify');
        expect(answer.status).toBe(401);
        expect(((await answer.json()) as Json).code).toMatch(/^storage\.token/);
      }
    },
  ],
  [
    'a token for one bucket sees only that bucket',
    async ({ double, control }) => {
      await control.project.createTable({ id: 'in.c-secret.salaries', columns: ['id'] });
      const narrow = new FactsClient(double, double.tokens.readOneBucket);
      expect(((await narrow.get('/buckets')) as unknown as Json[]).map(({ id }) => id)).toEqual(['in.c-main']);
      expect((await narrow.fetch('/tables/in.c-secret.salaries')).status).toBe(403);
      expect((await narrow.post('/tables/in.c-secret.salaries/export-async', {})).status).toBe(403);
    },
  ],
  [
    'branches list under dev-branches and prefix tables, but never jobs',
    async ({ client, control }) => {
      expect(await client.get('/dev-branches/')).toMatchObject([
        { id: 101, isDefault: true },
        { id: 102, isDefault: false },
      ]);
      expect((await client.get(`/branch/default/tables/${orders}`)).id).toBe(orders);
      expect((await client.fetch(`/branch/102/tables/${orders}`)).status).toBe(404);
      expect((await client.fetch(`/branch/999/tables/${orders}`)).status).toBe(404);
      const job = await client.job(orders, { columns: 'id' });
      expect((await client.fetch(`/branch/default/jobs/${job.id}`)).status).toBe(404);
      expect(control.acknowledgeViolations().map(({ kind }) => kind)).toEqual(['branch-prefixed-job']);
    },
  ],
  [
    'include is honoured exactly in lists, and only the detail carries a definition',
    async ({ client, control }) => {
      await control.project.createTable({
        id: 'in.c-main.typed',
        columns: [{ name: 'n', type: 'NUMBER', length: '12,2' }],
      });
      const [bare] = (await client.get('/buckets/in.c-main/tables')) as unknown as Json[];
      for (const part of ['columns', 'metadata', 'columnMetadata', 'bucket', 'definition'])
        expect(bare).not.toHaveProperty(part);
      const [, typed] = (await client.get(
        '/buckets/in.c-main/tables?include=columns,columnMetadata',
      )) as unknown as Json[];
      expect(typed).toMatchObject({ columns: ['n'] });
      expect(typed).not.toHaveProperty('definition');
      expect((dig(typed, 'columnMetadata', 'n') as Json[]).map(({ key }) => key)).toContain('KBC.datatype.basetype');
      expect(dig(await client.get('/tables/in.c-main.typed'), 'definition', 'columns')).toEqual([
        {
          name: 'n',
          definition: { type: 'NUMBER', nullable: true, length: '12,2' },
          basetype: 'NUMERIC',
          canBeFiltered: true,
        },
      ]);
    },
  ],
  [
    'empty maps are [], dates carry +0100 without a colon',
    async ({ client }) => {
      const detail = await client.get(`/tables/${orders}`);
      expect(detail.columnMetadata).toEqual([]);
      expect(detail.lastImportDate).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0100$/);
    },
  ],
  [
    'one metadata key may come from several providers',
    async ({ client, control }) => {
      const both = ['user', 'keboola.snowflake-transformation'].map((provider) => ({
        key: 'KBC.datatype.basetype',
        value: 'INTEGER',
        provider,
      }));
      control.project.setMetadata(orders, 'id', both);
      expect(dig(await client.get(`/tables/${orders}`), 'columnMetadata', 'id')).toHaveLength(2);
    },
  ],
  [
    'JSON comes gzipped to whoever says it can read gzip',
    async ({ client }) => {
      const plain = await client.fetch('/tokens/verify', { headers: { 'accept-encoding': 'identity' } });
      expect(plain.headers.get('content-encoding')).toBeNull();
      const packed = await client.fetch('/tokens/verify', { headers: { 'accept-encoding': 'gzip' } });
      expect(packed.headers.get('content-encoding')).toBe('gzip');
    },
  ],
];

const special: Fact[] = [
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

const imports: Fact[] = [
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

const exports: Fact[] = [
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

const typed = [
  { name: 'n', type: 'NUMBER', length: '38,0' },
  { name: 'd', type: 'NUMBER', length: '12,2' },
  { name: 's', type: 'VARCHAR' },
  { name: 'b', type: 'BOOLEAN' },
  { name: 't', type: 'TIMESTAMP_NTZ', length: '9' },
];
const typedRows = [
  ['1', '1.50', '', 'true', '2024-02-03 04:05:06.789'],
  ['12345678901234567890', '1234567890.12', null, null, null],
];
const dialects: Fact[] = [
  [
    'Snowflake CSV: bare NULL, quoted empty string, timestamps in whole seconds',
    async ({ client, control }) => {
      await control.project.createTable({ id: 'in.c-main.typed', columns: typed, rows: typedRows });
      expect(text(await client.slices('in.c-main.typed', { columns: 'n,d,s,b,t', gzip: true }))).toBe(
        '1,1.50,"",true,2024-02-03 04:05:06\n12345678901234567890,1234567890.12,,,\n',
      );
    },
  ],
  [
    'the fractional feature brings fractions',
    async ({ client, control }) => {
      await control.project.createTable({ id: 'in.c-main.typed', columns: typed, rows: typedRows });
      expect(text(await client.slices('in.c-main.typed', { columns: 't', gzip: true }))).toContain('04:05:06.789');
    },
    { features: ['snowflake-export-fractional-seconds'] },
  ],
  [
    'a TIMESTAMP_TZ loses its offset in CSV and ends a parquet job in error',
    async ({ client, control }) => {
      const rows = [['2024-02-03 04:05:06 +05:00', '2024-02-03 04:05:06+00']];
      const columns = [
        { name: 'tz', type: 'TIMESTAMP_TZ' },
        { name: 'ltz', type: 'TIMESTAMP_LTZ' },
      ];
      await control.project.createTable({ id: 'in.c-main.zoned', columns, rows });
      expect(text(await client.slices('in.c-main.zoned', { columns: 'tz,ltz', gzip: true }))).toBe(
        '2024-02-03 04:05:06,2024-02-03 04:05:06\n',
      );
      expect(
        text(await client.slices('in.c-main.zoned', { columns: 'tz,ltz', gzip: true, timezone: 'Asia/Tokyo' })),
      ).toBe('2024-02-03 04:05:06,2024-02-03 13:05:06\n');
      expect(await client.job('in.c-main.zoned', { columns: 'tz', fileType: 'parquet' })).toMatchObject({
        status: 'error',
        error: { exceptionId: expect.any(String) },
      });
    },
  ],
  [
    'BigQuery CSV: NULL and empty are the same, timestamps end in UTC, slice names have 12 digits',
    async ({ client, control }) => {
      const columns = [
        { name: 's', type: 'STRING' },
        { name: 'ts', type: 'TIMESTAMP' },
        { name: 'n', type: 'INT64' },
      ];
      await control.project.createTable({
        id: 'in.c-main.bq',
        columns,
        rows: [
          ['', '2024-02-03 04:05:06.5+00', '7'],
          [null, null, null],
          ['a,b', null, null],
        ],
      });
      const file = await client.file('in.c-main.bq', { columns: 's,ts,n', gzip: true });
      expect((await client.entries(file))[0]).toMatch(/000000000000\.csv\.gz$/);
      expect(text(await client.slices('in.c-main.bq', { columns: 's,ts,n', gzip: true }))).toBe(
        ',2024-02-03 04:05:06.500000 UTC,7\n,,\n"a,b",,\n',
      );
      expect((await client.job('in.c-main.bq', { columns: 's', includeInternalTimestamp: true })).httpStatus).toBe(400);
    },
    { backend: 'bigquery', fileProvider: 'gcp' },
  ],
  [
    'an old BigQuery stack refuses parquet and order operators',
    async ({ client }) => {
      expect((await client.job(orders, { columns: 'id', fileType: 'parquet' })).httpStatus).toBe(400);
      expect(
        (await client.job(orders, { whereFilters: [{ column: 'id', operator: 'gt', values: ['1'] }] })).httpStatus,
      ).toBe(400);
    },
    { backend: 'bigquery', fileProvider: 'gcp', oldBigquery: 'request' },
  ],
  [
    'parquet slices have real names and each its own DECIMAL precision; classic ones are all VARCHAR',
    async ({ client, control }) => {
      await control.project.createTable({ id: 'in.c-main.typed', columns: typed, rows: typedRows });
      const body = { fileType: 'parquet', gzip: true };
      const types = await Promise.all(
        (await client.slices('in.c-main.typed', { ...body, columns: 'n,d,b,t' })).map(parquetTypes),
      );
      expect(types).toEqual([
        ['n DECIMAL(1,0)', 'd DECIMAL(3,2)', 'b BOOLEAN', 't TIMESTAMP'],
        ['n DECIMAL(20,0)', 'd DECIMAL(12,2)', 'b BOOLEAN', 't TIMESTAMP'],
      ]);
      expect(await parquetTypes((await client.slices(orders, { ...body, columns: 'id,name' }))[0]!)).toEqual([
        'id VARCHAR',
        'name VARCHAR',
      ]);
    },
    { sliceRows: 1 },
  ],
];

const previews: Fact[] = [
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

const jobs: Fact[] = [
  [
    'a job waits, works and ends over the clock, within the parallelism of the project',
    async ({ client, control }) => {
      control.clock.freeze();
      const posts = await Promise.all(
        ['id', 'name', 'id,name'].map(
          async (columns) => (await client.post(`/tables/${orders}/export-async`, { columns })).json() as Promise<Json>,
        ),
      );
      const states = async () =>
        (await Promise.all(posts.map(({ id }) => client.get(`/jobs/${id}`)))).map(({ status }) => status).sort();
      expect(posts.map(({ status }) => status)).toEqual(['waiting', 'waiting', 'waiting']);
      control.clock.advance(1000);
      await states();
      expect(await states()).toEqual(['processing', 'processing', 'waiting']);
      control.clock.advance(5000);
      await until(async () => (await states()).filter((status) => status === 'success').length === 2);
      control.clock.advance(5000);
      await until(async () => (await states()).every((status) => status === 'success'));
    },
    { jobWaitingMs: 1000, jobProcessingMs: 5000, jobsParallelism: 2 },
  ],
  [
    'the 202 answer may already be a finished job',
    async ({ client }) => {
      const response = await client.post(`/tables/${orders}/export-async`, { columns: 'id' });
      expect(response.status).toBe(202);
      expect(await response.json()).toMatchObject({ status: 'success', results: { file: { id: expect.any(Number) } } });
    },
    { terminalJobs: true },
  ],
  [
    'jobs and files of one project do not exist for another',
    async ({ client, double }) => {
      const job = await client.job(orders, { columns: 'id' });
      const stranger = new FactsClient(double, double.tokens.otherProject);
      expect((await stranger.fetch(`/jobs/${job.id}`)).status).toBe(404);
      expect((await stranger.fetch(`/files/${digText(job, 'results', 'file', 'id')}`)).status).toBe(404);
    },
  ],
  [
    'files expire',
    async ({ client, control }) => {
      const job = await client.job(orders, { columns: 'id' });
      control.clock.advance(4 * 86_400_000);
      expect((await client.fetch(`/files/${digText(job, 'results', 'file', 'id')}`)).status).toBe(404);
    },
  ],
];

async function parquetTypes(bytes: Buffer): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'facts-'));
  writeFileSync(join(folder, 'slice.parquet'), bytes);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const described = await connection.runAndReadAll(`DESCRIBE FROM '${join(folder, 'slice.parquet')}'`);
  connection.closeSync();
  instance.closeSync();
  rmSync(folder, { recursive: true });
  return described.getRowsJson().map(([name, type]) => `${name} ${type}`);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('facts of the Keboola Storage double', () => {
  describe.each([
    ['index, tokens, branches, shapes', base],
    ['aliases, links, externals', special],
    ['imports', imports],
    ['exports', exports],
    ['dialects', dialects],
    ['previews', previews],
    ['jobs and files', jobs],
  ])('%s', (_area, facts) => {
    it.each(facts)('%s', (...fact) => check(fact as Fact));
  });
});
