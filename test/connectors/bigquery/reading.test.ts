/** What is read, by which way, and as of when. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RestField } from '../../doubles/bigquery/model/field-types.ts';
import { Lab } from './lab.ts';

let lab: Lab;

beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(async () => {
  expect(lab.control.violations()).toEqual([]);
  await lab.close();
});

const ids: RestField[] = [{ name: 'id', type: 'INT64' }];
const table = (name: string, facts: object) =>
  lab.control.table({ project: 'lab', dataset: 'd', table: name, ...facts });
/** The look must be later than the last change, whose clock ticks in milliseconds. */
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 5));
const idsOf = async (name: string) =>
  (await lab.published(name, 'SELECT id::INTEGER AS id FROM t ORDER BY id')).rows.map((row) => row.id);

describe('a table that has not changed', () => {
  test('is not read again, whichever way it would come, until it changes', async () => {
    await table('orders', { schema: ids, rows: [{ id: 1 }] });
    for (const settings of [{}, { storage_read: 'never' }]) {
      await lab.startOver();
      await aMoment();
      expect(await lab.sync(lab.table('orders'), settings)).toMatchObject({ status: 'succeeded' });
      lab.control.reset();
      const again = await lab.sync(lab.table('orders'), settings);
      expect(again).toMatchObject({
        status: 'unchanged',
        warnings: [expect.stringContaining('has not changed since')],
      });
      expect(lab.control.count('ReadRows') + lab.control.count('CreateReadSession')).toBe(0);
      expect(lab.control.count('jobs.insert')).toBe(0);
      await lab.control.insert('lab.d.orders', [{ id: 9 }]);
      await aMoment();
      expect(await lab.sync(lab.table('orders'), settings)).toMatchObject({ status: 'succeeded' });
    }
  });

  test('is read again when it was dropped and made anew with as many rows', async () => {
    await table('orders', { schema: ids, rows: [{ id: 1 }] });
    await aMoment();
    await lab.sync(lab.table('orders'));
    await lab.control.drop('lab.d.orders');
    await table('orders', { schema: ids, rows: [{ id: 2 }] });
    await aMoment();
    expect(await lab.sync(lab.table('orders'))).toMatchObject({ status: 'succeeded' });
    expect(await idsOf('orders')).toEqual([2]);
  });

  test('is read again while rows are still in its streaming buffer, which no time tells of', async () => {
    await table('orders', { schema: ids, rows: [{ id: 1 }], timePartitioning: { type: 'DAY' } });
    await lab.control.insert('lab.d.orders', [{ id: 2 }], { streaming: true });
    await aMoment();
    expect(await lab.sync(lab.table('orders'))).toMatchObject({ status: 'succeeded', rows: 2 });
    lab.control.reset();
    await lab.sync(lab.table('orders'));
    expect(lab.control.count('CreateReadSession')).toBe(1);
  });

  test('a view is always asked', async () => {
    await table('orders', { schema: ids, rows: [{ id: 1 }] });
    await table('view', { query: 'SELECT id FROM lab.d.orders' });
    await lab.sync(lab.table('view'));
    lab.control.reset();
    expect(await lab.sync(lab.table('view'))).toMatchObject({ status: 'unchanged' });
    expect(lab.control.calls().filter((call) => call.method === 'jobs.insert')).toHaveLength(2);
  });
});

describe('all tables of a run are read as of one moment', () => {
  test.each([{}, { storage_read: 'never' }])('stored tables with %o', async (settings) => {
    for (const name of ['first', 'second', 'third']) await table(name, { schema: ids, rows: [{ id: 1 }] });
    await aMoment();
    const late = async () => {
      for (const name of ['first', 'second', 'third']) await lab.control.insert(`lab.d.${name}`, [{ id: 2 }]);
    };
    // The look has been opened when the first table is asked for.
    lab.control.fault({ on: 'tables.get', do: { meanwhile: late } });
    const report = await lab.extract(
      ['first', 'second', 'third'].map((id) => lab.table(id)),
      settings,
    );
    expect(report.tables.map((each) => [each.status, each.rows])).toEqual(Array(3).fill(['succeeded', 1]));
    await aMoment();
    const next = await lab.extract(
      ['first', 'second', 'third'].map((id) => lab.table(id)),
      settings,
    );
    expect(next.tables.map((each) => [each.status, each.rows])).toEqual(Array(3).fill(['succeeded', 2]));
  });

  test('options.sql names that moment @read_time, also when it is narrowed', async () => {
    await table('orders', { schema: ids, rows: [{ id: 1 }, { id: 5 }] });
    await aMoment();
    const sql = 'SELECT id, id * 2 AS twice FROM lab.d.orders FOR SYSTEM_TIME AS OF @read_time';
    const tables = [
      lab.table('whole', { options: { sql } }),
      lab.table('narrow', { options: { sql, columns: ['id'], where: [{ column: 'id', op: 'lt', value: 3 }] } }),
    ];
    const insert = () => lab.control.insert('lab.d.orders', [{ id: 2 }]);
    lab.control.fault({ on: 'jobs.insert', do: { meanwhile: insert } });
    const report = await lab.extract(tables, { location: 'EU' });
    expect(report.tables.map((each) => [each.status, each.rows])).toEqual([
      ['succeeded', 2],
      ['succeeded', 1],
    ]);
    // A registration looks one second back, because two clocks never agree.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await lab.ask({ kind: 'settle', table: tables[0]! }, { location: 'EU' })).toMatchObject({
      columns: [{ name: 'id' }, { name: 'twice' }],
    });
  });

  test('a table made after the look is read as it is, because it has no past', async () => {
    await table('orders', { schema: ids, rows: [{ id: 1 }] });
    const remake = async () => {
      await lab.control.drop('lab.d.orders');
      await table('orders', { schema: ids, rows: [{ id: 7 }] });
    };
    lab.control.fault({ on: 'tables.get', do: { meanwhile: remake } });
    expect(await lab.sync(lab.table('orders'))).toMatchObject({ status: 'succeeded', rows: 1 });
    expect(await idsOf('orders')).toEqual([7]);
  });
});

describe('what BigQuery computes comes by a query and its result', () => {
  beforeEach(() => table('orders', { schema: ids, fromDuck: 'SELECT i FROM range(3) r(i)' }));

  test.each([
    ['view', { query: 'SELECT id FROM lab.d.orders WHERE id > 0' }],
    ['materialised', { type: 'MATERIALIZED_VIEW', query: 'SELECT id FROM lab.d.orders WHERE id > 0' }],
    ['lake', { type: 'EXTERNAL', schema: ids, rows: [{ id: 1 }, { id: 2 }] }],
  ])('%s', async (name, facts) => {
    await table(name, facts);
    const where = [{ column: 'id', op: 'ge' as const, value: 2 }];
    expect(await lab.sync(lab.table(name))).toMatchObject({ status: 'succeeded', rows: 2 });
    expect(await idsOf(name)).toEqual([1, 2]);
    expect(await lab.sync(lab.table(name, { options: { where } }))).toMatchObject({ rows: 1 });
    expect(lab.control.count('ReadRows')).toBe(0);
  });

  test('a view without rows is an empty table with its columns, and its columns follow the view', async () => {
    await table('nothing', { query: 'SELECT id, CAST(id AS STRING) AS name FROM lab.d.orders WHERE id > 100' });
    expect(await lab.sync(lab.table('nothing', { primary_key: ['id'] }))).toMatchObject({
      status: 'succeeded',
      rows: 0,
    });
    const columns = await lab.published('nothing', 'DESCRIBE SELECT * FROM t');
    expect(columns.rows.map((row) => [row.column_name, row.column_type])).toEqual([
      ['id', 'BIGINT'],
      ['name', 'VARCHAR'],
    ]);
  });

  test('options.sql needs no dataset, may end in a comment or a semicolon, and is one SELECT', async () => {
    for (const sql of [
      'SELECT id FROM lab.d.orders -- all',
      'SELECT id FROM lab.d.orders;',
      '\nSELECT id FROM `lab.d.orders`',
    ])
      for (const options of [{ sql }, { sql, where: [{ column: 'id', op: 'ge' as const, value: 0 }] }]) {
        await lab.startOver();
        const result = await lab.sync(lab.table('q', { bucket: null, options }), { location: 'EU' });
        expect(result, sql).toMatchObject({ status: 'succeeded', rows: 3 });
      }
    const two = await lab.sync(lab.table('q', { options: { sql: 'SELECT 1; SELECT 2' } }));
    expect(two).toMatchObject({ status: 'failed', error: { code: 'query_failed' } });
  });

  test('a large result comes by Storage Read where that is allowed, else by REST, and is the same', async () => {
    await table('big', {
      schema: [...ids, { name: 'pad', type: 'STRING' }],
      fromDuck: "SELECT i, repeat('x', 990) || i FROM range(70000) r(i)",
    });
    await table('large', { query: 'SELECT id, pad FROM lab.d.big' });
    const large = lab.table('large', { primary_key: ['id'] });
    expect(await lab.sync(large)).toMatchObject({ status: 'succeeded', rows: 70_000 });
    expect(lab.control.count('ReadRows')).toBeGreaterThan(0);
    const { parts } = await lab.published('large', 'SELECT 1 LIMIT 0');
    lab.control.reset();
    lab.control.deny('bigquery.readsessions.getData');
    await lab.startOver();
    expect(await lab.sync(large)).toMatchObject({ status: 'succeeded', rows: 70_000 });
    expect(lab.control.count('jobs.getQueryResults')).toBeGreaterThan(1);
    // The query was not run twice for that.
    expect(lab.control.count('jobs.insert')).toBe(2);
    expect((await lab.published('large', 'SELECT 1 LIMIT 0')).parts).toEqual(parts);
  });
});

test('a large result whose session expires is brought by a fresh one, without another query', async () => {
  const pad = { name: 'pad', type: 'STRING' };
  await table('big', { schema: [...ids, pad], fromDuck: "SELECT i, repeat('x', 990) || i FROM range(70000) r(i)" });
  await table('large', { query: 'SELECT id, pad FROM lab.d.big' });
  const large = lab.table('large', { primary_key: ['id'] });
  lab.control.fault({
    on: 'ReadRows',
    nth: 2,
    do: { grpc: { code: 9, message: 'session expired', afterMessages: 1 } },
  });
  const report = await lab.extract([large]);
  expect(report.tables[0]).toMatchObject({ status: 'succeeded', rows: 70_000 });
  expect(report.notes.join()).toMatch(/session is given up.*expired/);
  // A dry run and the query.
  expect(lab.control.count('jobs.insert')).toBe(2);
  expect(lab.control.count('CreateReadSession')).toBe(2);
  const whole = 'SELECT count(DISTINCT id)::INTEGER AS ids FROM t';
  expect((await lab.published('large', whole)).rows).toEqual([{ ids: 70_000 }]);
});

test('a table that may not be read fails alone: the others still come by Storage Read', async () => {
  for (const name of ['open', 'closed']) await table(name, { schema: ids, rows: [{ id: 1 }] });
  await aMoment();
  lab.control.deny('bigquery.tables.getData', 'lab.d.closed');
  const closed = await lab.extract([lab.table('closed')]);
  expect(closed.tables[0]).toMatchObject({ status: 'failed', error: { code: 'source_forbidden' } });
  expect(closed.tables[0]?.error?.hint).toContain('roles/bigquery.dataViewer');
  const report = await lab.extract([lab.table('closed'), lab.table('open')]);
  expect(report.tables.map(({ status }) => status)).toEqual(['failed', 'succeeded']);
  expect([...closed.notes, ...report.notes]).toEqual([]);
  expect(lab.control.count('ReadRows')).toBe(1);
  expect(lab.control.count('jobs.insert')).toBe(0);
});

describe('incremental by a cursor', () => {
  const schema = [...ids, { name: 'at', type: 'TIMESTAMP' }, { name: 'state', type: 'STRING' }];
  const facts = {
    sync_strategy: 'incremental' as const,
    primary_key: ['id'],
    options: { cursor: 'at', overlap: '1h' },
  };
  test.each([{}, { storage_read: 'never' }])(
    'reads from the watermark less the overlap on and replaces by key with %o',
    async (settings) => {
      await table('orders', {
        schema,
        rows: [
          { id: 1, at: '2024-01-01 10:00:00', state: 'old' },
          { id: 2, at: '2024-01-01 12:00:00', state: 'old' },
        ],
      });
      expect(await lab.sync(lab.table('orders', facts), settings)).toMatchObject({ rows: 2 });
      await lab.control.insert('lab.d.orders', [
        { id: 3, at: '2024-01-01 11:30:00', state: 'late, within the overlap' },
        { id: 4, at: '2024-01-01 10:30:00', state: 'too late' },
        { id: 5, at: '2024-01-01 13:00:00', state: 'new' },
        { id: 6, at: null, state: 'without a time' },
      ]);
      await lab.control.update(
        'lab.d.orders',
        { state: "'changed'", at: "TIMESTAMPTZ '2024-01-01 12:30:00+00'" },
        'id = 2',
      );
      await aMoment();
      expect(await lab.sync(lab.table('orders', facts), settings)).toMatchObject({ status: 'succeeded', rows: 4 });
      const rows = (await lab.published('orders', 'SELECT id::INTEGER AS id, state FROM t ORDER BY id')).rows;
      expect(rows).toEqual([
        { id: 1, state: 'old' },
        { id: 2, state: 'changed' },
        { id: 3, state: 'late, within the overlap' },
        { id: 5, state: 'new' },
      ]);
    },
  );
});

describe('BIGNUMERIC', () => {
  const schema: RestField[] = [
    ...ids,
    { name: 'fits', type: 'BIGNUMERIC' },
    { name: 'huge', type: 'BIGNUMERIC' },
    { name: 'declared', type: 'BIGNUMERIC', precision: '20', scale: '4' },
    { name: 'empty', type: 'BIGNUMERIC' },
  ];
  const rows = [
    {
      id: 1,
      fits: '-1234567890123456789.000000000012',
      huge: `${'9'.repeat(38)}.${'9'.repeat(38)}`,
      declared: '1.5',
      empty: null,
    },
    { id: 2, fits: '0.5', huge: null, declared: null, empty: null },
  ];

  test('is measured at registration, which says what came of it, and kept exactly', async () => {
    await table('money', { schema, rows });
    const registered = await lab.register(lab.table('money', { primary_key: ['id'] }));
    expect(registered.notes).toEqual([
      'column fits is BIGNUMERIC and kept as DECIMAL(38,12): its values need no more',
      'column huge is BIGNUMERIC and kept as text: its values do not fit 38 digits',
      'column empty is BIGNUMERIC and kept as DECIMAL(38,0): its values need no more',
    ]);
    expect(registered.options.bignumeric).toEqual({ fits: 12, empty: 0 });
    for (const settings of [{}, { storage_read: 'never' }]) {
      await lab.startOver();
      expect(await lab.sync(registered, settings)).toMatchObject({ status: 'succeeded', rows: 2 });
      const described = await lab.published(
        'money',
        'SELECT typeof(fits) AS a, typeof(huge) AS b, typeof(declared) AS c FROM t LIMIT 1',
      );
      expect(described.rows).toEqual([{ a: 'DECIMAL(38,12)', b: 'VARCHAR', c: 'DECIMAL(20,4)' }]);
      expect((await lab.published('money', 'SELECT fits::VARCHAR AS fits, huge FROM t ORDER BY id')).rows).toEqual([
        { fits: '-1234567890123456789.000000000012', huge: rows[0]!.huge },
        { fits: '0.500000000000', huge: null },
      ]);
    }
  });

  test('that outgrows what was measured widens to text and says so, and loses no digit', async () => {
    await table('money', { schema: [...ids, { name: 'n', type: 'BIGNUMERIC' }], rows: [{ id: 1, n: '1.25' }] });
    const registered = await lab.register(lab.table('money', { primary_key: ['id'] }));
    expect(registered.options.bignumeric).toEqual({ n: 2 });
    await lab.sync(registered);
    await lab.control.insert('lab.d.money', [{ id: 2, n: '0.125' }]);
    await aMoment();
    const result = await lab.sync(registered);
    expect(result).toMatchObject({ status: 'succeeded', rows: 2 });
    expect(result.schema_changes.join()).toContain('n');
    expect((await lab.published('money', 'SELECT n FROM t ORDER BY id')).rows).toEqual([{ n: '1.25' }, { n: '0.125' }]);
  });
});

test.each([{}, { storage_read: 'never' }])(
  'a GEOGRAPHY comes as text or, when asked, as WKB with %o',
  async (settings) => {
    await table('places', {
      schema: [...ids, { name: 'place', type: 'GEOGRAPHY' }],
      rows: [
        { id: 1, place: 'POINT(1 2)' },
        { id: 2, place: null },
      ],
    });
    await table('seen', { query: 'SELECT id, place FROM lab.d.places' });
    for (const name of ['places', 'seen']) {
      await lab.sync(lab.table(name), settings);
      expect(
        (await lab.published(name, 'SELECT typeof(place) AS type, place::VARCHAR AS place FROM t ORDER BY id')).rows,
      ).toEqual([
        { type: 'VARCHAR', place: expect.stringMatching(/^POINT ?\(1 2\)$/) },
        { type: 'VARCHAR', place: null },
      ]);
      const result = await lab.sync(lab.table(name, { options: { geography: 'wkb' } }), settings);
      expect(result).toMatchObject({ status: 'succeeded', rows: 2 });
      expect(
        (await lab.published(name, 'SELECT typeof(place) AS type, hex(place) AS place FROM t ORDER BY id')).rows,
      ).toEqual([
        { type: 'BLOB', place: '0101000000000000000000F03F0000000000000040' },
        { type: 'BLOB', place: null },
      ]);
    }
  },
);

describe('remote', () => {
  test('costs nothing, moves nothing, and says columns, size and how it is attached', async () => {
    await table('orders', { schema: [...ids, { name: 'n', type: 'NUMERIC' }], rows: [{ id: 1, n: '1' }] });
    await table('view', { query: 'SELECT id FROM lab.d.orders' });
    const tables = ['orders', 'view'].map((id) => lab.table(id, { query_mode: 'remote' }));
    const registered = await Promise.all(tables.map((each) => lab.register(each)));
    const report = await lab.extract(registered, { billing_project: 'payer' });
    expect(report.tables).toMatchObject([
      { status: 'succeeded', rows: 0, warnings: [expect.stringMatching(/^stays in BigQuery: 1 rows, \d+ bytes|B$/)] },
      { status: 'succeeded', rows: 0, warnings: ['stays in BigQuery: a view, whose size is not known'] },
    ]);
    expect(lab.control.billedBytes()).toBe(0);
    expect(lab.control.count('jobs.insert') + lab.control.count('CreateReadSession')).toBe(0);
    const { meta, remoteAttach } = await lab.extractRows();
    expect(meta).toEqual([
      { table_name: 'orders', rows: '0', size_bytes: '0', query_mode: 'remote' },
      { table_name: 'view', rows: '0', size_bytes: '0', query_mode: 'remote' },
    ]);
    expect(remoteAttach).toEqual([
      { alias: 'warehouse', extension: 'bigquery', url: 'project=lab billing_project=payer', token_env: '' },
    ]);
    expect(await lab.sync(registered[0]!, { billing_project: 'payer' })).toMatchObject({ status: 'unchanged' });
    const plan = await lab.ask({ kind: 'plan', table: registered[0]! });
    expect(plan).toMatchObject({
      action: 'remote',
      bytes: 0,
      columns: [{ name: 'id', type: 'BIGINT' }, { name: 'n' }],
    });
  });

  test('a query is no remote table', async () => {
    const remote = lab.table('q', { query_mode: 'remote', options: { sql: 'SELECT 1 AS one' } });
    expect(await lab.sync(remote)).toMatchObject({ status: 'failed', error: { code: 'options_invalid' } });
  });
});

test.each([
  { bucket: 'd/../..' },
  { bucket: 'other/../lab.d' },
  { bucket: 'lab.d', source_table: '..' },
  { source_table: 'orders` WHERE true; --' },
  { source_table: 'orders$20240101' },
  { source_table: 'orders_*' },
  { source_table: '../../other/tables/secret' },
  { source_table: '' },
])('a name that is none never reaches BigQuery: %o', async (facts) => {
  expect(await lab.sync(lab.table('orders', facts))).toMatchObject({
    status: 'failed',
    error: { code: 'options_invalid', hint: expect.stringMatching(/`bucket` is the dataset.*options\.sql/) },
  });
  expect(lab.control.count('tables.get')).toBe(0);
});

describe('tables of odd shapes', () => {
  const both = [{}, { storage_read: 'never' }];

  test.each(both)('nothing but nested columns, some of them empty, with %o', async (settings) => {
    await table('nested', {
      schema: [
        { name: 'list', type: 'INT64', mode: 'REPEATED' },
        {
          name: 'deep',
          type: 'STRUCT',
          fields: [
            { name: 'select', type: 'STRING' },
            {
              name: 'inner',
              type: 'STRUCT',
              mode: 'REPEATED',
              fields: [{ name: 'x y', type: 'RANGE', rangeElementType: { type: 'DATE' } }],
            },
          ],
        },
      ],
      rows: [
        {
          list: [1, 2],
          deep: { select: 'a', inner: [{ 'x y': { start: '2024-01-01', end: null } }, { 'x y': null }] },
        },
        { list: [], deep: null },
        { list: [], deep: { select: null, inner: [] } },
      ],
    });
    expect(await lab.sync(lab.table('nested'), settings)).toMatchObject({ status: 'succeeded', rows: 3 });
    const rows = (await lab.published('nested', 'SELECT to_json(t)::VARCHAR AS row FROM t ORDER BY row')).rows.map(
      (row) => row.row,
    );
    expect(rows).toEqual(
      [
        '{"list":[1,2],"deep":{"select":"a","inner":[{"x y":{"start":"2024-01-01","end":null}},{"x y":null}]}}',
        '{"list":[],"deep":null}',
        '{"list":[],"deep":{"select":null,"inner":[]}}',
      ].sort(),
    );
  });

  test.each(both)('names that are words of SQL, quotes, blanks and other scripts, with %o', async (settings) => {
    const names = ['select', 'from', 'Order', 'a b', "it's", 'čaj', '日本', '_x', 'da_partition', 'c0', 'f'];
    await table('group-by', {
      schema: names.map((name) => ({ name, type: 'STRING' })),
      rows: [Object.fromEntries(names.map((name) => [name, `value of ${name}`]))],
    });
    const facts = {
      source_table: 'group-by',
      options: { where: [{ column: 'select', op: 'eq' as const, value: 'value of select' }] },
    };
    expect(await lab.sync(lab.table('odd', facts), settings)).toMatchObject({
      status: 'succeeded',
      rows: 1,
      error: null,
    });
    expect((await lab.published('odd')).rows).toEqual([
      Object.fromEntries(names.map((name) => [name, `value of ${name}`])),
    ]);
  });

  test.each(both)('an empty table, with %o', async (settings) => {
    await table('empty', { schema: [...ids, { name: 'tags', type: 'STRING', mode: 'REPEATED' }] });
    await aMoment();
    expect(await lab.sync(lab.table('empty'), settings)).toMatchObject({ status: 'succeeded', rows: 0 });
    const described = await lab.published('empty', 'DESCRIBE SELECT * FROM t');
    expect(described.rows.map((row) => row.column_type)).toEqual(['BIGINT', 'VARCHAR[]']);
    expect(await lab.sync(lab.table('empty'), settings)).toMatchObject({ status: 'unchanged' });
  });

  test.each(both)('400 columns, with %o', async (settings) => {
    const schema = Array.from({ length: 400 }, (_, index) => ({
      name: `c${index}`,
      type: index % 2 ? 'STRING' : 'INT64',
    }));
    await table('wide', {
      schema,
      rows: [
        { c0: 1, c399: 'last' },
        { c0: 2, c201: 'middle' },
      ],
    });
    expect(await lab.sync(lab.table('wide'), settings)).toMatchObject({ status: 'succeeded', rows: 2 });
    expect(
      (await lab.published('wide', 'SELECT c0::INTEGER AS a, c399 AS b, c201 AS c FROM t ORDER BY 1')).rows,
    ).toEqual([
      { a: 1, b: 'last', c: null },
      { a: 2, b: null, c: 'middle' },
    ]);
  });
});
