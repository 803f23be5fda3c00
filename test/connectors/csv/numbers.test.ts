/** Numbers in text: which type they get, and that nothing is rounded on the way. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commonType } from '../../../src/connectors/csv/find-types.ts';
import { settledNumber } from '../../../src/connectors/csv/number-types.ts';
import { tableRequest } from '../../helpers/extract-request.ts';
import { Inbox } from './inbox.ts';

let inbox: Inbox;

beforeEach(async () => {
  inbox = await Inbox.create();
});

afterEach(() => inbox.remove());

const typeOf = async (...values: string[]) => {
  await inbox.write('n.csv', `id,n\n${values.map((value, index) => `${index},${value}\n`).join('')}`);
  return (await inbox.settle(tableRequest('n', { source_table: 'n.csv' }))).columns?.[1]?.type;
};

test.each([
  [['10.50', '3.99'], 'DECIMAL(18,2)'],
  [['10.50', '3', '-0.25', ''], 'DECIMAL(18,2)'],
  [['1.123456'], 'DECIMAL(18,6)'],
  [['1234567890123.45'], 'DECIMAL(18,2)'],
  [['12345678901234.45'], 'VARCHAR'],
  [['1.5', '2.5'], 'DOUBLE'],
  [['1.50', '2.125'], 'DOUBLE'],
  [['1.1234567'], 'DOUBLE'],
  [['1.50', '2e3'], 'DOUBLE'],
  [['1', '-22'], 'BIGINT'],
  [['123456789012345678'], 'BIGINT'],
  [['1234567890123456789'], 'VARCHAR'],
  [['9007199254740993', '1.5'], 'VARCHAR'],
  [['9007199254740993', '1.50'], 'VARCHAR'],
  [['1.50', '01.50'], 'VARCHAR'],
])('%j are of the type %s', async (values, type) => {
  expect(await typeOf(...values)).toBe(type);
});

test('the types of several files become one that keeps every number of each, in any order', () => {
  const settled = (...types: string[]) =>
    settledNumber(types.reduce<string | null>((one, other) => commonType(one, other), null) as string);
  for (const [types, type] of [
    [['NUMBER(3,0)', 'NUMBER(5,2)'], 'DECIMAL(18,2)'],
    [['NUMBER(5,2)', 'NUMBER(9,2)'], 'DECIMAL(18,2)'],
    [['NUMBER(5,2)', 'NUMBER(5,3)'], 'DOUBLE'],
    [['NUMBER(15,0)', 'DOUBLE'], 'DOUBLE'],
    [['NUMBER(16,0)', 'DOUBLE'], 'VARCHAR'],
    [['NUMBER(16,0)', 'NUMBER(3,2)'], 'VARCHAR'],
    [['NUMBER(3,2)', 'DOUBLE', 'NUMBER(17,0)'], 'VARCHAR'],
    [['NUMBER(3,0)', 'BIGINT'], 'BIGINT'],
    [['BIGINT', 'DOUBLE'], 'VARCHAR'],
    [['DECIMAL(18,2)', 'NUMBER(3,2)'], 'DECIMAL(18,2)'],
    [['NUMBER(3,0)', 'DATE'], 'VARCHAR'],
  ] as const) {
    expect([types, settled(...types)]).toEqual([types, type]);
    expect([types, settled(...types.toReversed())]).toEqual([types, type]);
  }
});

test('money is summed to the cent, and a later price with more digits is a reject with a reason', async () => {
  const lines = Array.from({ length: 2000 }, (_, index) => `${index},0.10\n`).join('');
  await inbox.write('prices.csv', `id,price\n${lines}`);
  const { notes } = await inbox.settle(tableRequest('prices', { source_table: 'prices.csv' }));
  expect(notes).toEqual([expect.stringContaining('all numbers of price have the same digits behind the point')]);
  const prices = await inbox.register('prices', 'prices.csv');
  expect(await inbox.runOne(prices)).toMatchObject({ status: 'succeeded', rows: 2000 });
  expect(await inbox.query('SELECT sum(price)::VARCHAR AS total FROM prices')).toEqual([{ total: '200.00' }]);
  await inbox.write('prices.csv', `id,price\n${lines}2000,3.999\n2001,3.9900\n`);
  expect(await inbox.runOne(prices)).toMatchObject({
    status: 'succeeded',
    rows: 2001,
    rejected: 1,
    rejects: [{ line: 2002, column: 'price', reason: 'the value of price is not a DECIMAL(18,2)' }],
  });
});

test('a folder with long integers in one file and fractions in another rounds none of them', async () => {
  await inbox.write('a.csv', 'n\n9007199254740993\n');
  await inbox.write('b.csv', 'n\n1.5\n');
  const table = await inbox.register('t', '*.csv');
  expect(await inbox.runOne(table)).toMatchObject({ status: 'succeeded', rows: 2 });
  expect(await inbox.query('SELECT n FROM t ORDER BY n')).toEqual([{ n: '1.5' }, { n: '9007199254740993' }]);
});
