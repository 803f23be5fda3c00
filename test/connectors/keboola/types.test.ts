/** The type table on edge values: exact where a type can keep them, else widened and counted, never NULL in silence. */
import { afterEach, describe, expect, test } from 'vitest';
import { tableAnswer } from '../../../src/connectors/keboola/api/shapes.ts';
import { declaredTypes } from '../../../src/connectors/keboola/types/declared-types.ts';
import { ruleOf } from '../../../src/connectors/keboola/types/type-rules.ts';
import { probe } from '../../../src/duckdb/probe.ts';
import { literal } from '../../../src/duckdb/quote.ts';
import { type KeboolaSource, keboolaSource, keboolaTable } from '../../helpers/keboola-source.ts';

/** What a text becomes; `lossy` when the column would have to be widened. */
async function become(
  type: string,
  length: string | null,
  backend: string,
  texts: (string | null)[],
): Promise<(string | null)[]> {
  const rule = ruleOf({ name: type, length, isClaim: false }, backend);
  const column = (sql: string) => sql.replaceAll('$', () => 'v');
  return probe(async (session) => {
    const values = texts.map((text) => `(${text === null ? 'NULL' : literal(text)})`).join(', ');
    const rows = await session.rows<{ r: string | null }>(
      `SELECT CASE WHEN ${column(rule.lossy ?? 'false')} THEN 'lossy' ELSE (${column(rule.expression ?? `CAST($ AS ${rule.type})`)})::VARCHAR END AS r FROM (VALUES ${values}) t(v)`,
    );
    return rows.map(({ r }) => r);
  });
}

const cases: [type: string, length: string | null, backend: string, pairs: Record<string, string | null>][] = [
  [
    'NUMBER',
    '18,0',
    'snowflake',
    {
      '': null,
      '0': '0',
      '-7': '-7',
      '1.5': 'lossy',
      '1e3': 'lossy',
      '1_000': 'lossy',
      ' 7 ': 'lossy',
      '007': 'lossy',
      '+7': 'lossy',
      '9223372036854775807': '9223372036854775807',
      '9223372036854775808': 'lossy',
    },
  ],
  [
    'NUMBER',
    '12,2',
    'snowflake',
    {
      '': null,
      '1.50': '1.50',
      '-1234567890.12': '-1234567890.12',
      '.5': '0.50',
      '1.500': '1.50',
      '1.505': 'lossy',
      '12345678901.00': 'lossy',
      NaN: 'lossy',
      '007.5': 'lossy',
    },
  ],
  [
    'NUMERIC',
    null,
    'bigquery',
    { '12345678901234567890.123456789': '12345678901234567890.123456789', '1.1234567891': 'lossy' },
  ],
  [
    'BIGNUMERIC',
    null,
    'bigquery',
    { '1.12345678901234567890123456789012345678': '1.12345678901234567890123456789012345678' },
  ],
  [
    'FLOAT',
    null,
    'snowflake',
    {
      '': null,
      '0.1': '0.1',
      '1e-7': '1e-07',
      NaN: 'nan',
      inf: 'inf',
      '-Infinity': '-inf',
      '1e308': '1e+308',
      '1e400': 'lossy',
      '-1e999': 'lossy',
      '1_0': 'lossy',
      x: 'lossy',
    },
  ],
  [
    'BOOLEAN',
    null,
    'snowflake',
    {
      '': null,
      ...Object.fromEntries(['true', 'TRUE', 't', 'T', '1', 'yes', 'y', 'Y'].map((text) => [text, 'true'])),
      ...Object.fromEntries(['false', 'False', 'f', '0', 'no', 'NO', 'n'].map((text) => [text, 'false'])),
      ...Object.fromEntries(['maybe', ' true', 'true ', '01', '2', 'on', 'off'].map((text) => [text, 'lossy'])),
    },
  ],
  [
    'DATE',
    null,
    'snowflake',
    {
      '': null,
      '2024-02-29': '2024-02-29',
      '2023-02-29': 'lossy',
      '2024-02-03 00:00:00': 'lossy',
      '0000-00-00': 'lossy',
    },
  ],
  [
    'TIME',
    null,
    'snowflake',
    { '04:05:06.789': '04:05:06.789', '04:05:06.123456789': '04:05:06.123456', '25:00:00': 'lossy' },
  ],
  [
    'TIMESTAMP_NTZ',
    null,
    'snowflake',
    {
      '': null,
      '2024-02-03 04:05:06': '2024-02-03 04:05:06',
      '2024-02-03T04:05:06.5': '2024-02-03 04:05:06.5',
      '2024-02-03 04:05:06.123456999': '2024-02-03 04:05:06.123456',
      '2024-02-03 04:05:06+01': 'lossy',
      yesterday: 'lossy',
    },
  ],
  [
    'TIMESTAMP_LTZ',
    null,
    'snowflake',
    { '2024-02-03 04:05:06': '2024-02-03 04:05:06+00', '2024-02-03 04:05:06 +0100': '2024-02-03 03:05:06+00' },
  ],
  [
    'TIMESTAMP_TZ',
    null,
    'snowflake',
    { '2024-02-03 04:05:06': '2024-02-03 04:05:06', '2024-02-03 04:05:06+01:00': 'lossy' },
  ],
  [
    'TIMESTAMP',
    null,
    'bigquery',
    {
      '2024-02-03 04:05:06.500000 UTC': '2024-02-03 04:05:06.5+00',
      '2024-02-03T04:05:06Z': '2024-02-03 04:05:06+00',
      '2024-02-03 04:05:06-05:30': '2024-02-03 09:35:06+00',
      '2024-02-03 04:05:06+05': '2024-02-02 23:05:06+00',
    },
  ],
  ['VARIANT', null, 'snowflake', { '': '', '{"a":1}': '{"a":1}' }],
  ['VARCHAR', '16777216', 'snowflake', { '': '', ' x ': ' x ' }],
];

describe('a text of the type', () => {
  test.each(cases)('%s(%s) on %s', async (type, length, backend, pairs) => {
    const texts = Object.keys(pairs);
    const became = await become(type, length, backend, [...texts, null]);
    expect(Object.fromEntries(texts.map((text, index) => [text, became[index]]))).toEqual(pairs);
    expect(became.at(-1)).toBeNull();
  });
});

describe('metadata claim types', () => {
  const claim = (entries: [provider: string, key: string, value: string, timestamp?: string][]) =>
    declaredTypes(
      tableAnswer.parse({
        id: 'in.c-main.t',
        name: 't',
        columns: ['a'],
        columnMetadata: {
          a: entries.map(([provider, key, value, timestamp = '2024-01-01T00:00:00+0100']) => ({
            id: '1',
            key: `KBC.datatype.${key}`,
            value,
            provider,
            timestamp,
          })),
        },
      }),
    ).get('a')?.type;

  test('a person is believed before a machine, and a machine before a component', () => {
    const all: Parameters<typeof claim>[0] = [
      ['keboola.ex-db', 'basetype', 'STRING'],
      ['storage', 'basetype', 'DATE'],
      ['keboola.snowflake-transformation', 'basetype', 'FLOAT'],
      ['ai-metadata-enrichment', 'basetype', 'BOOLEAN'],
      ['user', 'basetype', 'INTEGER'],
    ];
    const order = ['INTEGER', 'BOOLEAN', 'FLOAT', 'DATE', 'STRING'];
    for (const [index, name] of order.entries())
      expect(claim(all.slice(0, all.length - index))).toMatchObject({ name });
  });

  test('the latest word of a provider counts, and providers are not mixed', () => {
    expect(
      claim([
        ['user', 'type', 'NUMBER', '2024-01-02T00:00:00+0100'],
        ['user', 'length', '10,2', '2024-01-02T00:00:00+0100'],
        ['user', 'type', 'VARCHAR', '2024-01-01T00:00:00+0100'],
        ['storage', 'length', '38,0'],
      ]),
    ).toEqual({ name: 'NUMBER', length: '10,2', isClaim: true });
    expect(
      claim([
        ['user', 'nullable', '1'],
        ['storage', 'basetype', 'DATE'],
      ]),
    ).toMatchObject({ name: 'DATE' });
  });

  test('an alias that only describes a column leaves its type to the table behind it', () => {
    const key = (name: string, value: string) => ({ id: '1', key: name, value, provider: 'user', timestamp: null });
    const answer = tableAnswer.parse({
      id: 'in.c-main.t',
      name: 't',
      columns: ['a', 'b'],
      columnMetadata: { a: [key('KBC.description', 'a number')], b: [] },
      sourceTable: {
        id: 'in.c-main.s',
        columnMetadata: {
          a: [key('KBC.datatype.basetype', 'INTEGER')],
          b: [key('KBC.datatype.basetype', 'DATE')],
        },
      },
    });
    expect(declaredTypes(answer).get('a')?.type?.name).toBe('INTEGER');
    expect(declaredTypes(answer).get('b')?.type?.name).toBe('DATE');
  });

  test('a name of a database nobody here knows is read by the base type beside it', () => {
    const typeOf = (name: string, base: string, length?: string) => {
      const declared = claim([
        ['keboola.ex-db-pgsql', 'type', name],
        ['keboola.ex-db-pgsql', 'basetype', base],
        ...(length === undefined ? [] : [['keboola.ex-db-pgsql', 'length', length] as [string, string, string]]),
      ]);
      return ruleOf(declared ?? null, 'snowflake').type;
    };
    expect(typeOf('int4', 'INTEGER', '32')).toBe('BIGINT');
    expect(typeOf('money', 'NUMERIC', '19,4')).toBe('DECIMAL(19,4)');
    expect(typeOf('timestamp without time zone', 'TIMESTAMP')).toBe('TIMESTAMP');
    expect(typeOf('character varying', 'STRING', '255')).toBe('VARCHAR');
    expect(typeOf('jsonb', 'STRING')).toBe('VARCHAR');
  });

  test('an empty map may come as a list', () => {
    expect(tableAnswer.parse({ id: 'a', name: 'a', columnMetadata: [] }).columnMetadata).toEqual({});
  });
});

/** The driver drops a byte order mark when it decodes a text, so bytes are compared. */
const bytesOf = (text: string) => Buffer.from(text).toString('hex').toUpperCase();

describe('through a whole read', () => {
  let source: KeboolaSource;
  afterEach(() => source.stop());
  const claimed = (name: string, basetype: string) => ({
    name,
    metadata: [{ key: 'KBC.datatype.basetype', value: basetype }],
  });
  const columnsOf = async (table: string) =>
    (await source.query<{ c: string }>(`SELECT column_name || ' ' || column_type AS c FROM (DESCRIBE ${table})`)).map(
      ({ c }) => c,
    );

  test('claims that hold are types, one that does not is text with a count, blanks are NULL but not in text', async () => {
    source = await keboolaSource();
    await source.double.control.project.createTable({
      id: 'in.c-main.claims',
      columns: [
        claimed('n', 'INTEGER'),
        claimed('code', 'INTEGER'),
        claimed('d', 'DATE'),
        claimed('s', 'STRING'),
        'plain',
      ],
      rows: [
        ['1', '007', '2024-02-03', '', ''],
        ['', '12', '', 'x', 'y'],
        ['-3', 'A7', '', '', ''],
      ],
    });
    const [result] = (await source.extract(['claims'])).tables;
    expect(result).toMatchObject({ status: 'succeeded', rows: 3 });
    expect(result?.warnings).toEqual([
      'column code is kept as text: at least 2 of its values do not fit DECIMAL(38,0)',
    ]);
    expect(await columnsOf('claims')).toEqual(['n BIGINT', 'code VARCHAR', 'd DATE', 's VARCHAR', 'plain VARCHAR']);
    expect(await source.query('SELECT * FROM claims ORDER BY n')).toEqual([
      { n: '-3', code: 'A7', d: null, s: '', plain: '' },
      { n: '1', code: '007', d: '2024-02-03', s: '', plain: '' },
      { n: null, code: '12', d: null, s: 'x', plain: 'y' },
    ]);
  });

  test('whole numbers beyond BIGINT become DECIMAL, and stay so', async () => {
    source = await keboolaSource({ sliceRows: 1 });
    const id = 'in.c-main.large';
    const columns = [{ name: 'n', type: 'NUMBER', length: '38,0' }];
    await source.double.control.project.createTable({ id, columns, rows: [['1'], ['12345678901234567890123']] });
    const [first] = (await source.extract(['large'])).tables;
    expect(first?.warnings).toEqual(['column n becomes DECIMAL(38,0): at least 1 of its values do not fit BIGINT']);
    source.double.control.clock.advance(10_000);
    await source.double.control.project.load(id, [['2']]);
    expect((await source.extract(['large'])).tables[0]).toMatchObject({
      rows: 1,
      warnings: [],
      schema_changes: [],
    });
    expect(await columnsOf('large')).toEqual(['n DECIMAL(38,0)']);
  });

  test('an instant with a zone of its own is a local time on Snowflake and says so; one in the session’s zone is exact', async () => {
    source = await keboolaSource();
    const columns = [
      { name: 'tz', type: 'TIMESTAMP_TZ' },
      { name: 'ltz', type: 'TIMESTAMP_LTZ' },
    ];
    await source.double.control.project.createTable({
      id: 'in.c-main.zoned',
      columns,
      rows: [['2024-02-03 04:05:06 +05:00', '2024-02-03 04:05:06+00']],
    });
    const [result] = (await source.extract(['zoned'])).tables;
    expect(result?.warnings.join()).toMatch(/column tz \(TIMESTAMP_TZ\) is a local time/);
    expect(await columnsOf('zoned')).toEqual(['tz TIMESTAMP', 'ltz TIMESTAMP WITH TIME ZONE']);
    expect(await source.query('SELECT tz::VARCHAR AS tz, ltz::VARCHAR AS ltz FROM zoned')).toEqual([
      { tz: '2024-02-03 04:05:06', ltz: '2024-02-03 04:05:06+00' },
    ]);
  });

  test.each([true, false])('odd characters arrive as they are, minimal quoting or not (%s)', async (minimal) => {
    source = await keboolaSource({ csvQuoting: minimal ? 'minimal' : 'strings', sliceRows: 100 });
    const cells = [
      'a\rb',
      'a\r\nb',
      '"',
      '","',
      'a,b',
      '\ue000',
      ' blank ',
      '',
      'ščř 😀',
      '\\N',
      'line\n"quoted"\nline',
      '\ufeffbom',
    ];
    await source.double.control.project.createTable({
      id: 'in.c-main.odd',
      columns: ['n', 'cell'],
      primaryKey: ['n'],
      rows: cells.map((cell, n) => [String(n + 10), cell]),
    });
    expect((await source.extract([keboolaTable('odd', { primary_key: ['n'] })])).tables[0]).toMatchObject({
      status: 'succeeded',
    });
    const found = await source.query<{ bytes: string }>('SELECT hex(encode(cell)) AS bytes FROM odd ORDER BY n');
    expect(found.map(({ bytes }) => bytes)).toEqual(cells.map(bytesOf));
  });

  test('a cell larger than DuckDB’s line is read with larger lines', async () => {
    source = await keboolaSource();
    const large = 'x'.repeat(20_000_000);
    await source.double.control.project.createTable({
      id: 'in.c-main.wide',
      columns: ['n', 'cell'],
      rows: [
        ['1', large],
        ['2', 'small'],
      ],
    });
    expect((await source.extract(['wide'])).tables[0]).toMatchObject({ status: 'succeeded', rows: 2 });
    expect(await source.query("SELECT length(cell)::INT AS n FROM wide WHERE n = '1'")).toEqual([{ n: 20_000_000 }]);
  });

  test('a byte order mark in the first cell is part of the cell', async () => {
    source = await keboolaSource({ csvQuoting: 'minimal' });
    await source.double.control.project.createTable({
      id: 'in.c-main.bom',
      columns: ['a'],
      rows: [['\ufefffirst'], ['second']],
    });
    await source.extract(['bom']);
    expect(await source.query('SELECT hex(encode(a)) AS a FROM bom')).toEqual(
      ['\ufefffirst', 'second'].map((cell) => ({ a: bytesOf(cell) })),
    );
  });
});
