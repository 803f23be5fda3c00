/** The type table's golden values: a table of the test's PostgreSQL for each type, with edge values and what is published of them. */
import type { TestPostgres } from './postgres-server.ts';

export interface Golden {
  /** As declared in Postgres. */
  declared: string;
  /** As published. */
  type: string;
  /** Postgres literal, and the published value as DuckDB prints it. */
  values: [sql: string, published: string | null][];
  /** Part of a warning that must be given. */
  warning?: string;
}

const same = (...texts: string[]): Golden['values'] => texts.map((text) => [`'${text}'`, text]);

/** Every row has NULL too; it must arrive as NULL. */
export const goldens: Golden[] = [
  {
    declared: 'bool',
    type: 'BOOLEAN',
    values: [
      ['true', 'true'],
      ['false', 'false'],
    ],
  },
  { declared: 'int2', type: 'SMALLINT', values: same('-32768', '0', '32767') },
  { declared: 'int4', type: 'INTEGER', values: same('-2147483648', '2147483647') },
  { declared: 'int8', type: 'BIGINT', values: same('-9223372036854775808', '9223372036854775807') },
  { declared: 'oid', type: 'UINTEGER', values: same('0', '4294967295') },
  { declared: 'xid8', type: 'UBIGINT', values: same('18446744073709551615') },
  {
    declared: 'float4',
    type: 'FLOAT',
    values: [
      ["'NaN'", 'nan'],
      ["'Infinity'", 'inf'],
      ["'-Infinity'", '-inf'],
      ["'-0'", '-0.0'],
      ["'1.1754944e-38'", '1.1754944e-38'],
      ["'3.4028235e38'", '3.4028235e+38'],
    ],
  },
  {
    declared: 'float8',
    type: 'DOUBLE',
    values: [
      ["'NaN'", 'nan'],
      ["'-Infinity'", '-inf'],
      ["'5e-324'", '5e-324'],
      ["'1.7976931348623157e308'", '1.7976931348623157e+308'],
      ["'0.1'", '0.1'],
    ],
  },
  { declared: 'numeric(12,2)', type: 'DECIMAL(12,2)', values: same('-9999999999.99', '0.00', '9999999999.99') },
  { declared: 'numeric(38,10)', type: 'DECIMAL(38,10)', values: same('9999999999999999999999999999.9999999999') },
  { declared: 'numeric(12,4)', type: 'VARCHAR', values: same('1.5000', 'NaN'), warning: 'kept as text' },
  { declared: 'numeric(50,5)', type: 'VARCHAR', values: same('999999999999999999999999999999999999999999999.99999') },
  { declared: 'numeric(5,-3)', type: 'DECIMAL(8,0)', values: same('99999000', '-12000') },
  { declared: 'numeric(2,5)', type: 'DECIMAL(5,5)', values: [["'0.00012'", '.00012']] },
  {
    declared: 'numeric',
    type: 'DECIMAL(38,7)',
    values: [
      ["'12345678901234567890.1234567'", '12345678901234567890.1234567'],
      ["'-1'", '-1.0000000'],
    ],
  },
  {
    declared: 'numeric',
    type: 'VARCHAR',
    values: same('1e-50'.replace('1e-50', `0.${'0'.repeat(49)}1`), '123456789012345678901234567890'),
    warning: 'kept as text',
  },
  {
    declared: 'numeric',
    type: 'VARCHAR',
    values: same('1.5', 'NaN', 'Infinity', '-Infinity'),
    warning: 'kept as text',
  },
  {
    declared: 'money',
    type: 'DECIMAL(19,2)',
    values: [
      ["'$1,234,567.89'", '1234567.89'],
      ["'-92233720368547758.08'", '-92233720368547758.08'],
    ],
  },
  {
    declared: 'text',
    type: 'VARCHAR',
    values: [
      ["''", ''],
      ["'NULL'", 'NULL'],
      ["E'\\\\N'", '\\N'],
      ["E'\\\\\\\\n'", '\\\\n'],
      ["E'a\\tb\\nc\\rd\\\\e\\bf\\fg\\vh'", 'a\tb\nc\rd\\e\bf\fg\vh'],
      [`'say "hi", ''ok'''`, `say "hi", 'ok'`],
      ["'  blanks  '", '  blanks  '],
      ["'žluťoučký 🐎'", 'žluťoučký 🐎'],
      ["E'\\\\.'", '\\.'],
      ["E'\\r\\n'", '\r\n'],
    ],
  },
  { declared: 'varchar(5)', type: 'VARCHAR', values: same('abc  ') },
  {
    declared: 'char(6)',
    type: 'VARCHAR',
    values: [
      ["'ab'", 'ab'],
      ["E'a\\t b'", 'a\t b'],
      ["''", ''],
    ],
  },
  { declared: '"char"', type: 'VARCHAR', values: same('x') },
  { declared: 'name', type: 'VARCHAR', values: same('pg_class') },
  {
    declared: 'bytea',
    type: 'BLOB',
    values: [
      ["'\\xdeadbeef00'", '\\xDE\\xAD\\xBE\\xEF\\x00'],
      ["''", ''],
      ["'\\x61620a09'", 'ab\\x0A\\x09'],
    ],
  },
  {
    declared: 'date',
    type: 'DATE',
    values: [
      ["'0044-03-15 BC'", '0044-03-15 (BC)'],
      ["'4713-01-01 BC'", '4713-01-01 (BC)'],
      ["'5874897-12-31'", '5874897-12-31'],
      ["'infinity'", 'infinity'],
      ["'-infinity'", '-infinity'],
      ["'2024-02-29'", '2024-02-29'],
      ["'0001-01-01'", '0001-01-01'],
    ],
  },
  {
    declared: 'timestamp',
    type: 'TIMESTAMP',
    values: [
      ["'0044-03-15 12:34:56.789123 BC'", '0044-03-15 (BC) 12:34:56.789123'],
      ["'infinity'", 'infinity'],
      ["'-infinity'", '-infinity'],
      ["'2024-01-01 23:59:59.999999'", '2024-01-01 23:59:59.999999'],
      ["'294246-12-31 23:59:59.999999'", '294246-12-31 23:59:59.999999'],
      ["'29425-01-01 00:00:00'", '29425-01-01 00:00:00'],
      ["'4713-01-01 00:00:00 BC'", '4713-01-01 (BC) 00:00:00'],
    ],
  },
  {
    declared: 'timestamp',
    type: 'VARCHAR',
    values: same('294276-12-31 23:59:59.999999', '2024-01-01 00:00:00'),
    warning: 'kept as text',
  },
  {
    declared: 'timestamptz',
    type: 'TIMESTAMP WITH TIME ZONE',
    values: [
      ["'2024-06-01 12:00:00.000001+02'", '2024-06-01 10:00:00.000001+00'],
      ["'0044-03-15 12:00:00+00 BC'", '0044-03-15 (BC) 12:00:00+00'],
      ["'infinity'", 'infinity'],
    ],
  },
  {
    declared: 'timestamptz(0)',
    type: 'VARCHAR',
    values: [["'294276-12-31 23:59:59+00'", '294276-12-31 23:59:59+00']],
    warning: 'kept as text',
  },
  { declared: 'time', type: 'TIME', values: same('00:00:00', '24:00:00', '12:34:56.789123') },
  { declared: 'timetz', type: 'VARCHAR', values: same('12:34:56.789123+02', '24:00:00-15:59') },
  {
    declared: 'interval',
    type: 'VARCHAR',
    values: same('1 year 2 mons -3 days +04:05:06.789123', '-178000000 years', '00:00:00.000001'),
  },
  {
    declared: 'uuid',
    type: 'UUID',
    values: same('ffffffff-ffff-ffff-ffff-ffffffffffff', '00000000-0000-0000-0000-000000000000'),
  },
  {
    declared: 'jsonb',
    type: 'JSON',
    values: [
      [
        `'{"n": 12345678901234567890.123456789012345678901, "a": [1, null], "t": "tab\\t \\"q\\" \\\\ ž"}'`,
        '{"a": [1, null], "n": 12345678901234567890.123456789012345678901, "t": "tab\\t \\"q\\" \\\\ ž"}',
      ],
      ["'1e400'", `1${'0'.repeat(400)}`],
      ["'null'", 'null'],
    ],
  },
  {
    declared: 'json',
    type: 'JSON',
    values: [
      [`'{"b":1,"b":2,  "x":0.10}'`, '{"b":1,"b":2,  "x":0.10}'],
      ['E\'{\\n"a":1}\'', '{\n"a":1}'],
    ],
  },
  {
    declared: 'json',
    type: 'VARCHAR',
    values: [
      [`'"\\ud800"'`, '"\\ud800"'],
      [`'{"a":"\\\\n"}'`, '{"a":"\\\\n"}'],
    ],
    warning: 'kept as text',
  },
  { declared: 'xml', type: 'VARCHAR', values: [['\'<a b="1">\\x</a>\'', '<a b="1">\\x</a>']] },
  { declared: 'bit(4)', type: 'VARCHAR', values: [["B'1010'", '1010']] },
  {
    declared: 'varbit',
    type: 'VARCHAR',
    values: [
      ["B''", ''],
      ["B'0001'", '0001'],
    ],
  },
  { declared: 'inet', type: 'VARCHAR', values: same('192.168.1.1/24', '::1') },
  { declared: 'cidr', type: 'VARCHAR', values: same('10.0.0.0/8') },
  { declared: 'macaddr8', type: 'VARCHAR', values: same('08:00:2b:01:02:03:04:05') },
  { declared: 'pg_lsn', type: 'VARCHAR', values: same('16/B374D848') },
  { declared: 'point', type: 'VARCHAR', values: same('(1,2.5)') },
  { declared: 'path', type: 'VARCHAR', values: same('[(0,0),(1,1)]', '((0,0),(1,1))') },
  { declared: 'polygon', type: 'VARCHAR', values: same('((0,0),(1,1),(1,0))') },
  { declared: 'circle', type: 'VARCHAR', values: same('<(0,0),5>') },
  { declared: 'int4range', type: 'VARCHAR', values: same('[1,5)', 'empty') },
  { declared: 'tstzmultirange', type: 'VARCHAR', values: same('{}') },
  { declared: 'tsvector', type: 'VARCHAR', values: [["'a:1 b:2'", "'a':1 'b':2"]] },
  { declared: 'regclass', type: 'VARCHAR', values: same('pg_class') },
  {
    declared: 'mood',
    type: 'VARCHAR',
    values: [
      ["'happy'", 'happy'],
      ['E\'back\\\\slash, "q"\'', 'back\\slash, "q"'],
    ],
  },
  { declared: 'amount', type: 'DECIMAL(9,3)', values: same('1.250') },
  { declared: 'quantity', type: 'BIGINT', values: same('7') },
  {
    declared: 'address',
    type: 'JSON',
    values: [
      [
        'ROW(\'Main\\n "5"\', 12345678901234567890.5)::address',
        '{"street":"Main\\\\n \\"5\\"","number":12345678901234567890.5}',
      ],
    ],
  },
  { declared: 'hstore', type: 'JSON', values: [[`'a=>1,b=>NULL'`, '{"a": "1", "b": null}']] },
  {
    declared: 'int4[]',
    type: 'INTEGER[]',
    values: [
      ["'{1,NULL,-3}'", '[1, NULL, -3]'],
      ["'{}'", '[]'],
      ["'[5:6]={1,2}'", '[1, 2]'],
    ],
  },
  {
    declared: 'int4[]',
    type: 'VARCHAR',
    values: [
      ["'{1}'", '["1"]'],
      ["'{{1,2},{3,4}}'", '[["1","2"],["3","4"]]'],
    ],
    warning: 'kept as text',
  },
  {
    declared: 'int8[][]',
    type: 'BIGINT[][]',
    values: [
      ["'{{1,2},{3,9223372036854775807}}'", '[[1, 2], [3, 9223372036854775807]]'],
      ["'{}'", '[]'],
    ],
  },
  {
    declared: 'text[]',
    type: 'VARCHAR[]',
    values: [[`ARRAY['a,b', '', NULL, 'NULL', E'q"\\\\\\n\\t']`, `['a,b', '', NULL, 'NULL', 'q"\\\\\n\t']`]],
  },
  {
    declared: 'numeric(20,3)[]',
    type: 'DECIMAL(20,3)[]',
    values: [["'{12345678901234567.123,NULL}'", '[12345678901234567.123, NULL]']],
  },
  {
    declared: 'numeric(20,3)[]',
    type: 'VARCHAR',
    values: [["'{1.5,NaN}'", '["1.500","NaN"]']],
    warning: 'kept as text',
  },
  { declared: 'numeric[]', type: 'VARCHAR[]', values: [["'{12345678901234567.123}'", '[12345678901234567.123]']] },
  {
    declared: 'timestamptz[]',
    type: 'TIMESTAMP WITH TIME ZONE[]',
    values: [
      [
        `ARRAY['2024-01-01 00:00:00.000001+00','0044-03-15 12:00:00+00 BC','infinity']::timestamptz[]`,
        "['2024-01-01 00:00:00.000001+00', '0044-03-15 (BC) 12:00:00+00', infinity]",
      ],
    ],
  },
  { declared: 'date[][]', type: 'DATE[][]', values: [["'{{2024-01-01}}'", '[[2024-01-01]]']] },
  { declared: 'bytea[]', type: 'BLOB[]', values: [[`ARRAY['\\xdead'::bytea, ''::bytea]`, "[\\xDE\\xAD, '']"]] },
  { declared: 'jsonb[]', type: 'JSON[]', values: [[`ARRAY['{"a": 1.10}'::jsonb]`, '[{"a": 1.10}]']] },
  { declared: 'bool[]', type: 'BOOLEAN[]', values: [["'{t,f,NULL}'", '[true, false, NULL]']] },
  {
    declared: 'uuid[]',
    type: 'UUID[]',
    values: [["'{00000000-0000-0000-0000-000000000001}'", '[00000000-0000-0000-0000-000000000001]']],
  },
  { declared: 'mood[]', type: 'VARCHAR[]', values: [["'{happy}'", '[happy]']] },
  { declared: 'amount[]', type: 'DECIMAL(9,3)[]', values: [["'{1.250}'", '[1.250]']] },
  { declared: 'quantities', type: 'BIGINT[]', values: [["'{1,2}'", '[1, 2]']] },
  {
    declared: 'address[]',
    type: 'JSON',
    values: [["ARRAY[ROW('x', 1.10)::address]", '[{"street":"x","number":1.10}]']],
  },
];

/** Makes the table `t<index>` for each of `goldens`, which loses what this server cannot have. */
export async function createGoldenTables(server: TestPostgres): Promise<void> {
  const hstore = await server.run('CREATE EXTENSION hstore').then(
    () => true,
    () => false,
  );
  await server.run(`CREATE TYPE mood AS ENUM ('happy', E'back\\\\slash, "q"')`);
  await server.run('CREATE DOMAIN amount AS numeric(9,3)');
  await server.run('CREATE DOMAIN count AS int8 CHECK (value >= 0)');
  await server.run('CREATE DOMAIN quantity AS count NOT NULL DEFAULT 0');
  await server.run('CREATE DOMAIN quantities AS int8[]');
  await server.run('CREATE TYPE address AS (street text, number numeric)');
  if (!hstore)
    goldens.splice(
      goldens.findIndex((golden) => golden.declared === 'hstore'),
      1,
    );
  for (const [index, { declared, values }] of goldens.entries()) {
    await server.run(`CREATE TABLE t${index} (id int PRIMARY KEY, v ${declared})`);
    const rows = [...values.map(([sql]) => sql), ...(declared === 'quantity' ? [] : ['NULL'])];
    await server.run(`INSERT INTO t${index} VALUES ${rows.map((sql, id) => `(${id}, ${sql})`).join(', ')}`);
  }
}
