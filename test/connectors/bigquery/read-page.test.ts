import { describe, expect, it } from 'vitest';
import { readPage } from '../../../src/connectors/bigquery/read-page.ts';

const rows = [{ f: [{ v: 'a "rows": [ ] , \\' }, { v: [{ v: ']' }] }] }, { f: [{ v: null }, { v: [] }] }];
const read = (text: string) => {
  const page = readPage(Buffer.from(text));
  return { ...page, rows: JSON.parse(`[${page.rows.toString('utf8')}]`) };
};

describe('a page of results', () => {
  it.each([
    ['compact', undefined],
    ['printed for people', 2],
    ['printed with tabs', '\t'],
  ])('gives its rows as they came, %s', (_, indent) => {
    const text = JSON.stringify({ totalRows: '2', pageToken: 'next', rows }, null, indent);
    expect(read(text)).toEqual({ totalRows: '2', pageToken: 'next', rows });
  });

  it.each([
    ['before the rows', { schema: { fields: [{ name: 'rows', type: 'STRING' }] }, rows, totalRows: '2' }],
    ['behind the rows', { totalRows: '2', rows, errors: [{ reason: 'x' }], cacheHit: false }],
    ['around the rows', { kind: 'k', rows, schema: { fields: [{ name: 'rows', type: 'STRING' }] }, totalRows: 2 }],
  ])('gives its rows alone when the service sends more than was asked for, %s', (_, body) => {
    expect(read(JSON.stringify(body))).toEqual({ totalRows: '2', rows });
  });

  it.each([{ totalRows: '0' }, { totalRows: '0', rows: [] }, { totalRows: '0', rows: null, pageToken: null }])(
    'has no rows and no next page in %j',
    (body) => {
      expect(read(JSON.stringify(body))).toEqual({ totalRows: '0', rows: [] });
      expect(read(JSON.stringify(body, null, 2))).toEqual({ totalRows: '0', rows: [] });
    },
  );

  it('is never taken for whole, wherever it was cut off', () => {
    const text = JSON.stringify({ totalRows: '2', rows, pageToken: 'next' }, null, 1);
    for (let length = 1; length < text.length; length += 1)
      expect(() => read(text.slice(0, length)), text.slice(0, length)).toThrow();
  });
});
