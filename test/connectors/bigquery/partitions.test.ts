/** Partitions: those that changed are read again and no others, and a table whose partitions say too little is read whole. */
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

const schema: RestField[] = [
  { name: 'id', type: 'INT64' },
  { name: 'day', type: 'DATE' },
  { name: 'at', type: 'TIMESTAMP' },
  { name: 'local', type: 'DATETIME' },
];
const row = (id: number, day: string | null, time = '12:00:00') => ({
  id,
  day,
  at: day === null ? null : `${day} ${time}`,
  local: day === null ? null : `${day} ${time}`,
});
const rows = [row(1, '2024-01-01'), row(2, '2024-01-02'), row(3, '2024-02-01'), row(4, '2025-02-01'), row(5, null)];
const table = (facts: object) =>
  lab.control.table({ project: 'lab', dataset: 'd', table: 'events', schema, rows, ...facts });
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 5));
const published = async () =>
  (await lab.published('events', 'SELECT id::INTEGER AS id FROM t ORDER BY id')).rows.map((each) => each.id);
const partitioned = (partition_by: string, granularity: 'day' | 'month' | 'year') =>
  lab.table('events', {
    sync_strategy: 'partitioned',
    primary_key: ['id'],
    options: { partition_by, granularity },
  });

const byTime = (type: string, field: string) => ({ timePartitioning: { type, field } });

describe.each([{}, { storage_read: 'never' }])('with %o', (settings) => {
  test.each([
    ['days of a DATE', byTime('DAY', 'day'), 'day', 'day'],
    ['days as months', byTime('DAY', 'day'), 'day', 'month'],
    ['months of a TIMESTAMP', byTime('MONTH', 'at'), 'at', 'month'],
    ['months as years', byTime('MONTH', 'day'), 'day', 'year'],
    ['years of a DATETIME', byTime('YEAR', 'local'), 'local', 'year'],
    ['hours of a TIMESTAMP as days', byTime('HOUR', 'at'), 'at', 'day'],
    ['hours of a DATETIME as months', byTime('HOUR', 'local'), 'local', 'month'],
    ['days that must be named', { ...byTime('DAY', 'day'), requirePartitionFilter: true }, 'day', 'day'],
  ] as const)(
    '%s: only what changed is read, and rows without a value are a partition too',
    async (_name, facts, by, unit) => {
      await table(facts);
      await aMoment();
      const events = partitioned(by, unit);
      expect(await lab.sync(events, settings)).toMatchObject({ status: 'succeeded', rows: 5 });
      const before = new Set((await lab.published('events')).parts);
      expect(await published()).toEqual([1, 2, 3, 4, 5]);

      expect(await lab.sync(events, settings)).toMatchObject({
        status: 'unchanged',
        warnings: [expect.stringContaining('no partition has changed')],
      });

      await lab.control.insert('lab.d.events', [row(6, '2024-02-01', '13:00:00'), row(7, null), row(8, '2023-05-05')]);
      await aMoment();
      lab.control.reset();
      expect(await lab.sync(events, settings)).toMatchObject({ status: 'succeeded', rows: 8 });
      expect(await published()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      // What stood still was neither read nor written again: 2025 and, but for whole years, January 2024.
      const { parts } = await lab.published('events');
      expect(parts.filter((part) => before.has(part)).length).toBe({ day: 3, month: 2, year: 1 }[unit]);

      await lab.control.delete('lab.d.events', "day = DATE '2025-02-01'");
      await aMoment();
      expect(await lab.sync(events, settings)).toMatchObject({ status: 'succeeded', rows: 7 });
      expect(await published()).toEqual([1, 2, 3, 5, 6, 7, 8]);
    },
  );

  test('a partition that changes after the look is read again by the next run', async () => {
    await table(byTime('DAY', 'day'));
    await aMoment();
    const events = partitioned('day', 'day');
    await lab.sync(events, settings);
    await lab.control.insert('lab.d.events', [row(6, '2024-01-01')]);
    await aMoment();
    lab.control.fault({
      on: 'tables.get',
      do: { meanwhile: () => lab.control.insert('lab.d.events', [row(7, '2024-01-01'), row(8, '2024-02-01')]) },
    });
    expect(await lab.sync(events, settings)).toMatchObject({ status: 'succeeded', rows: 6 });
    expect(await published()).toEqual([1, 2, 3, 4, 5, 6]);
    await aMoment();
    expect(await lab.sync(events, settings)).toMatchObject({ status: 'succeeded', rows: 8 });
  });
});

test.each([
  ['months do not tell of days', byTime('MONTH', 'day'), 'day', 'day'],
  ['partitions of another column', byTime('DAY', 'day'), 'at', 'day'],
  ['partitions of the time of arrival', { timePartitioning: { type: 'DAY' } }, 'day', 'month'],
  ['integer ranges', { rangePartitioning: { field: 'id', range: { start: 0, end: 3, interval: 1 } } }, 'day', 'month'],
  ['no partitions at all', {}, 'day', 'month'],
] as const)('%s: everything is read, and rightly', async (_name, facts, by, unit) => {
  await table(facts);
  await aMoment();
  const events = partitioned(by, unit);
  expect(await lab.sync(events)).toMatchObject({ status: 'succeeded', rows: 5 });
  expect(await lab.sync(events)).toMatchObject({ status: 'unchanged' });
  await lab.control.insert('lab.d.events', [row(6, '2024-02-01')]);
  await lab.control.delete('lab.d.events', 'id = 1');
  await aMoment();
  expect(await lab.sync(events)).toMatchObject({ status: 'succeeded', rows: 5 });
  expect(await published()).toEqual([2, 3, 4, 5, 6]);
});

test('rows that are in no partition yet make the whole table be read', async () => {
  await table(byTime('DAY', 'day'));
  await aMoment();
  const events = partitioned('day', 'day');
  await lab.sync(events);
  await lab.control.insert('lab.d.events', [row(6, '2024-01-01')], { streaming: true });
  await aMoment();
  expect(await lab.sync(events)).toMatchObject({ status: 'succeeded', rows: 6 });
  await lab.control.flushStreamingBuffer('lab.d.events');
  await aMoment();
  expect((await lab.sync(events)).rows).toBe(6);
  expect(await published()).toEqual([1, 2, 3, 4, 5, 6]);
});

test('a list of partitions that comes cut short removes nothing', async () => {
  await table(byTime('DAY', 'day'));
  await aMoment();
  const events = partitioned('day', 'day');
  expect(await lab.sync(events)).toMatchObject({ status: 'succeeded', rows: 5 });
  lab.control.fault({ on: 'jobs.getQueryResults', do: { dropRows: 1 } });
  const result = await lab.sync(events);
  expect([result.status, await published()]).toEqual(['failed', [1, 2, 3, 4, 5]]);
  expect(result.error).toMatchObject({ retryable: true, message: expect.stringContaining('listing the partitions') });
});

describe('a table that refuses to be read without naming its partitions', () => {
  test.each([
    ['by a DATE', byTime('DAY', 'day')],
    ['by a TIMESTAMP', byTime('HOUR', 'at')],
    ['by a DATETIME', byTime('MONTH', 'local')],
    ['by its arrival', { timePartitioning: { type: 'DAY' } }],
    ['by ranges', { rangePartitioning: { field: 'id', range: { start: 2, end: 4, interval: 1 } } }],
  ])('%s is read whole by either way, with what has no value and what is out of range', async (_name, facts) => {
    await table({ ...facts, requirePartitionFilter: true });
    await aMoment();
    for (const settings of [{}, { storage_read: 'never' }]) {
      await lab.startOver();
      expect(await lab.sync(lab.table('events'), settings)).toMatchObject({
        status: 'succeeded',
        rows: 5,
        error: null,
      });
      const where = [{ column: 'id', op: 'ge' as const, value: 4 }];
      const some = await lab.sync(lab.table('events', { options: { where } }), settings);
      expect(some).toMatchObject({ status: 'succeeded', rows: 2 });
    }
  });

  test('also incrementally by another column', async () => {
    await table({ ...byTime('DAY', 'day'), requirePartitionFilter: true });
    await aMoment();
    const events = lab.table('events', {
      sync_strategy: 'incremental',
      primary_key: ['id'],
      options: { cursor: 'id' },
    });
    for (const settings of [{}, { storage_read: 'never' }]) {
      await lab.startOver();
      expect(await lab.sync(events, settings)).toMatchObject({ status: 'succeeded', rows: 5 });
      expect(await lab.sync(events, settings)).toMatchObject({ rows: 5, error: null });
    }
  });
});

describe('files in folders (`key=value/`) that may not be read without naming a folder', () => {
  const lake = (key: RestField, rows: Record<string, unknown>[]) =>
    lab.control.table({
      project: 'lab',
      dataset: 'd',
      table: 'lake',
      type: 'EXTERNAL',
      schema: [
        { name: 'id', type: 'INT64' },
        { name: 'price', type: 'BIGNUMERIC' },
        key,
        { name: 'sub', type: 'STRING' },
      ],
      hiveKeys: [key.name, 'sub'],
      requirePartitionFilter: true,
      rows: rows.map((row, index) => ({ id: index, price: '1.5', sub: 'a', ...row })),
    });

  test.each([
    ['texts', { name: 'k', type: 'STRING' }, ['', 'de', null]],
    ['whole numbers', { name: 'k', type: 'INT64' }, [-1, 0, 7, null]],
    ['days', { name: 'k', type: 'DATE' }, ['0001-01-01', '2024-02-29', null]],
    ['moments', { name: 'k', type: 'TIMESTAMP' }, ['0001-01-01T00:00:00Z', '2024-02-29T00:00:00Z', null]],
  ])('named by %s are all read, also those without a name', async (_name, key, values) => {
    await lake(
      key,
      values.map((k) => ({ k })),
    );
    await aMoment();
    const registered = await lab.register(lab.table('lake'));
    expect(registered.options.bignumeric).toEqual({ price: 1 });
    expect(await lab.sync(registered)).toMatchObject({ status: 'succeeded', rows: values.length, error: null });
  });

  test('are read as `where` says', async () => {
    await lake({ name: 'k', type: 'STRING' }, [{ k: 'de' }, { k: 'fr' }]);
    await aMoment();
    const where = [{ column: 'id', op: 'eq' as const, value: 1 }];
    expect(await lab.sync(lab.table('lake', { options: { where } }))).toMatchObject({ status: 'succeeded', rows: 1 });
  });
});

test('open numbers of a table that wants a partition filter are measured, and only in the rows that are wanted', async () => {
  await table({
    ...byTime('DAY', 'day'),
    requirePartitionFilter: true,
    schema: [...schema, { name: 'price', type: 'BIGNUMERIC' }],
    rows: [
      { id: 1, day: '2024-01-01', price: '1.25' },
      { id: 2, day: '2024-01-02', price: '1.123456' },
    ],
  });
  await aMoment();
  const all = await lab.register(lab.table('events'));
  expect(all.options.bignumeric).toEqual({ price: 6 });
  const where = [{ column: 'id', op: 'eq' as const, value: 1 }];
  expect((await lab.register(lab.table('events', { options: { where } }))).options.bignumeric).toEqual({ price: 2 });
});

test('a partition column that no row carries is refused with the way out, at registration and by a run', async () => {
  await table({ timePartitioning: { type: 'DAY' } });
  const events = partitioned('_PARTITIONTIME', 'day');
  const refusal = { code: 'source_missing', hint: expect.stringContaining('options.sql') };
  await expect(lab.register(events)).rejects.toMatchObject(refusal);
  expect((await lab.sync(events)).error).toMatchObject(refusal);
});

test('a column without days is refused as a partition at registration', async () => {
  await table({});
  const asked = lab.register(partitioned('id', 'day'));
  await expect(asked).rejects.toMatchObject({ code: 'options_invalid', hint: expect.stringContaining('hash') });
});
