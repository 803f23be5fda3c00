import { expect, test } from 'vitest';
import { type RestField, readFields } from '../../../src/connectors/bigquery/fields.ts';
import { rowFilter } from '../../../src/connectors/bigquery/row-filter.ts';

const conditionsOn = (type: string, values: string[], granularity: 'day' | 'month' | 'year') => {
  const fields = readFields([{ name: 'at', type } satisfies RestField]);
  return rowFilter(fields, [], { kind: 'partitions', column: 'at', granularity, values });
};

test('partitions are half-open ranges of the column’s own type', () => {
  expect(conditionsOn('DATE', ['2024-02-29'], 'day')).toEqual([
    "((`at` >= DATE '2024-02-29' AND `at` < DATE '2024-03-01'))",
  ]);
  expect(conditionsOn('TIMESTAMP', ['2023-12', '__null'], 'month')).toEqual([
    "((`at` >= TIMESTAMP '2023-12-01' AND `at` < TIMESTAMP '2024-01-01') OR `at` IS NULL)",
  ]);
  expect(conditionsOn('DATETIME', ['0001'], 'year')).toEqual([
    "((`at` >= DATETIME '0001-01-01' AND `at` < DATETIME '0002-01-01'))",
  ]);
});

test.each([
  ['9999-12-31', 'day', '9999-12-31'],
  ['9999-12', 'month', '9999-12-01'],
  ['9999', 'year', '9999-01-01'],
] as const)('the last partition there can be, %s, has no end', (value, granularity, from) => {
  expect(conditionsOn('DATE', [value], granularity)).toEqual([`((\`at\` >= DATE '${from}'))`]);
});
