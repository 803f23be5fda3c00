/** A value is taken or refused the same way, whichever reading meets it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { strictColumns, textColumn } from '../../../src/connectors/csv/text-types.ts';
import { Database } from '../../../src/duckdb/database.ts';
import { literal } from '../../../src/duckdb/quote.ts';
import type { Session } from '../../../src/duckdb/session.ts';

const contract = { decimal: '.' as const, date_format: null, null_values: [] };

const texts = [
  ...[
    '',
    ' ',
    '7',
    ' 7',
    '7 ',
    '\t7',
    '+5',
    '-0',
    '007',
    '1-2',
    '--1',
    '1.5',
    '1.',
    '.5',
    '1e3',
    '1E3',
    '1_000',
    '0x1F',
    '0b1',
    '1,5',
    '1\n2',
    '1|2',
  ],
  ...['9223372036854775807', '9223372036854775808', 'inf', '-inf', 'NaN', '１', '1%', '$1'],
  ...['true', 'FALSE', 'yes', 'No', 'Y', 'n', 't', 'F', '0', '1', 'on', 'off', 'true ', ' t', '2'],
  ...[
    '2024-01-02',
    '2024-1-2',
    '2024/01/02',
    ' 2024-01-02',
    '2024-01-02x',
    '2024-06-31',
    '-2024-01-02',
    '12024-01-02',
    'epoch',
    'infinity',
    '01/02/2024',
  ],
  ...[
    '2024-01-02 03:04:05',
    '2024-01-02T03:04:05',
    '2024-01-02 03:04',
    '2024-01-02 03:04:05.123456',
    '2024-01-02 03:04:05Z',
    '2024-01-02 25:00:00',
  ],
];

/** What each type takes of them. */
const taken: Record<string, string[]> = {
  BIGINT: ['7', '+5', '-0', '007', '9223372036854775807', '0', '1', '2'],
  DOUBLE: [
    '7',
    '+5',
    '-0',
    '007',
    '1.5',
    '1.',
    '.5',
    '1e3',
    '1E3',
    '9223372036854775807',
    '9223372036854775808',
    '0',
    '1',
    '2',
  ],
  'DECIMAL(10,2)': ['7', '+5', '-0', '007', '1.5', '1.', '.5', '0', '1', '2'],
  BOOLEAN: ['true', 'FALSE', 'yes', 'No', 'Y', 'n', 't', 'F', '0', '1'],
  DATE: ['2024-01-02'],
  TIMESTAMP: [
    '2024-01-02',
    '2024-01-02 03:04:05',
    '2024-01-02T03:04:05',
    '2024-01-02 03:04',
    '2024-01-02 03:04:05.123456',
  ],
};

let database: Database;
let session: Session;

beforeAll(async () => {
  database = await Database.inMemory({ memoryLimit: '200MB', threads: 1, tempDirectory: '.unused' });
  session = await database.connect();
});
afterAll(() => database.close());

test.each(Object.entries(taken))(
  '%s takes what has its form and refuses the rest, in one scan and with care',
  async (type, fitting) => {
    const { lenient, misfit } = textColumn(type, contract);
    const careful: string[] = [];
    const strict: string[] = [];
    for (const text of new Set(texts)) {
      const row = await session.first<{ v: unknown; bad: boolean }>(
        `SELECT CAST(${lenient('x')} AS VARCHAR) AS v, ${misfit('x')} AS bad FROM (SELECT ${literal(text)} AS x)`,
      );
      if (row?.bad === false) careful.push(text);
      const { values, guard } = strictColumns([{ type, x: 'x' }], contract);
      // A second row keeps the text from being a constant.
      const scanned = await session
        .rows<{ v: unknown }>(
          `SELECT CAST(${values[0]} AS VARCHAR) AS v FROM (SELECT unnest([${literal(text)}, NULL]) AS x) WHERE ${guard}`,
        )
        .catch(() => null);
      if (scanned === null) continue;
      strict.push(text);
      expect(scanned).toEqual([{ v: row?.v }, { v: null }]);
    }
    expect(careful.sort()).toEqual([...fitting].sort());
    expect(strict.sort()).toEqual([...fitting].sort());
  },
);

test('columns of several kinds are held to their own forms', async () => {
  const columns = [
    { type: 'BIGINT', x: 'a' },
    { type: 'DOUBLE', x: 'b' },
    { type: 'BIGINT', x: 'c' },
  ];
  const { values, guard } = strictColumns(columns, contract);
  const scan = (a: string, b: string, c: string) =>
    session.rows(
      `SELECT ${values.map((value, at) => `${value} AS v${at}`).join(', ')} FROM (SELECT unnest(['${a}', NULL]) AS a, unnest(['${b}', NULL]) AS b, unnest(['${c}', NULL]) AS c) WHERE ${guard}`,
    );
  await expect(scan('1', '2.5e1', '3')).resolves.toHaveLength(2);
  await expect(scan('1', '2', '3.5')).rejects.toThrow('da_misfit');
  await expect(scan('1e1', '2', '3')).rejects.toThrow('da_misfit');
  await expect(scan('1', '2_0', '3')).rejects.toThrow('da_misfit');
});
