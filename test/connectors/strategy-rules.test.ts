import { describe, expect, test } from 'vitest';
import type { Serves } from '../../src/connectors/connector.ts';
import { type KnownColumn, sinceFault, strategyFaults } from '../../src/connectors/strategy-rules.ts';
import { tableOptions } from '../../src/connectors/table-options.ts';
import type { TableRequest } from '../../src/connectors/table-request.ts';
import { tableRequest } from '../helpers/extract-request.ts';

const serves: Serves = { cursor: true, partitions: true, where: true, columns: true, changes: false, remote: false };
const files: Serves = { ...serves, cursor: false, pieces: true };
const columns: KnownColumn[] = [
  { name: 'id', nullable: false, type: 'BIGINT' },
  { name: 'at', nullable: false, type: 'TIMESTAMP WITH TIME ZONE' },
  { name: 'day', nullable: true, type: 'DATE' },
  { name: 'text', nullable: false, type: 'VARCHAR' },
  { name: 'price', nullable: false, type: 'DECIMAL(10,2)' },
  { name: 'open', nullable: false },
];

const pointers = (facts: Partial<TableRequest>, by: Serves = serves) =>
  strategyFaults(tableRequest('t', facts), by, columns).map(({ pointer }) => pointer);
const incremental = (options: TableRequest['options'], primary_key = ['id']) => ({
  sync_strategy: 'incremental' as const,
  primary_key,
  options,
});
const partitioned = (options: TableRequest['options']) => ({ sync_strategy: 'partitioned' as const, options });

describe('a source with cursors', () => {
  test.each<[string, Partial<TableRequest>, string[]]>([
    ['a duration below a number', incremental({ cursor: 'id', overlap: '10m' }), ['/options/overlap']],
    ['a duration below a decimal', incremental({ cursor: 'price', overlap: '10m' }), ['/options/overlap']],
    ['a number below a text', incremental({ cursor: 'text', overlap: 5 }), ['/options/overlap']],
    ['a number below a number', incremental({ cursor: 'id', overlap: 5 }), []],
    ['seconds below a time', incremental({ cursor: 'at', overlap: 5 }), []],
    ['anything below a type nobody knows yet', incremental({ cursor: 'open', overlap: '10m' }), []],
    ['the month of a number', partitioned({ partition_by: 'id' }), ['/options/partition_by']],
    ['the day of a price', partitioned({ partition_by: 'price', granularity: 'day' }), ['/options/partition_by']],
    ['the hash of a number', partitioned({ partition_by: 'id', granularity: 'hash' }), []],
    ['the day of a date', partitioned({ partition_by: 'day', granularity: 'day' }), []],
    ['the day of a text', partitioned({ partition_by: 'text', granularity: 'day' }), []],
    ['a cursor that may be NULL', incremental({ cursor: 'day' }), ['/options/cursor']],
    ['merging without a key', incremental({ cursor: 'at', mode: 'merge' }, []), ['/primary_key']],
    ['a key column named twice', { primary_key: ['id', 'id'] }, ['/primary_key']],
    ['a column chosen twice', { options: { columns: ['id', 'at', 'id'] } }, ['/options/columns']],
  ])('%s', (_title, facts, expected) => {
    expect(pointers(facts)).toEqual(expected);
  });
});

describe('a source that shows all its pieces', () => {
  test.each<[string, Partial<TableRequest>, string[]]>([
    ['needs no cursor to append', incremental({ mode: 'append' }, []), []],
    ['needs nothing at all', incremental({}, []), []],
    ['needs a key to merge', incremental({ mode: 'merge' }, []), ['/primary_key']],
    ['takes a cursor that may be NULL', incremental({ cursor: 'day' }), []],
    ['has nothing below a watermark', incremental({ cursor: 'at', overlap: '10m' }), ['/options/overlap']],
    ['must have the cursor', incremental({ cursor: 'nope' }), ['/options/cursor']],
  ])('%s', (_title, facts, expected) => {
    expect(pointers(facts, files)).toEqual(expected);
  });
});

test('a read from a value on has an effect on incremental tables of sources with a watermark alone', () => {
  const fault = (facts: Partial<TableRequest>, by = serves) => sinceFault(tableRequest('t', facts), by);
  expect(fault(incremental({ cursor: 'at' }))).toBeNull();
  expect(fault(incremental({}), { ...serves, changes: true })).toBeNull();
  expect(fault(incremental({ cursor: 'at' }), files)).toContain('whole');
  expect(fault({})).toContain('full_refresh');
  expect(fault(partitioned({ partition_by: 'day' }))).toContain('partitioned');
  expect(fault({ ...incremental({}), query_mode: 'remote' })).toContain('remote');
});

test.each([
  { overlap: '99999999999999d' },
  { overlap: -5 },
  { overlap: 0.5 },
  { overlap: 'soon' },
  { full_refresh_every: '99999999999999999999d' },
  { full_refresh_every: 7 },
  { granularity: 'week' },
])('%j is refused', (options) => {
  expect(tableOptions.safeParse(options).success).toBe(false);
});
