/** Files as people and programs write them, each with what must come of it. */
import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from './packing.ts';

export interface Case {
  title: string;
  /** Files by name; one file when it is text or bytes. */
  file: string | Buffer | Record<string, string | Buffer>;
  name?: string;
  source_table?: string;
  options?: Record<string, unknown>;
  /** The registration is refused, with words that say why. */
  refused?: RegExp;
  /** The file that lies there at registration when it is another one than at the run. */
  registered?: string | Buffer;
  /** `column TYPE` of the table. */
  columns?: string[];
  rows?: unknown[][];
  /** `line: reason`, beginnings. */
  rejects?: [line: number, reason: RegExp, raw?: string][];
  /** The table fails with this code and these words. */
  fails?: [code: string, words: RegExp];
}

const long = 'ab"'.repeat(700_000);
const longer = 'x'.repeat(20_000_000);
const many = (count: number) => Array.from({ length: count }, (_, index) => `${index},name ${index}`).join('\n');
const noise = createHash('sha512').update('noise').digest();
const anyRejects = { max_reject_ratio: 1 };

export const corpus: Case[] = [
  {
    title: 'a byte order mark is no part of the first name',
    file: '\ufeffid,name\n1,x\n',
    columns: ['id BIGINT', 'name VARCHAR'],
    rows: [['1', 'x']],
  },
  {
    title: 'a byte order mark before a quoted name',
    file: '\ufeff"id",name\n1,x\n',
    columns: ['id BIGINT', 'name VARCHAR'],
    rows: [['1', 'x']],
  },
  {
    title: 'UTF-16 little-endian with a mark',
    file: Buffer.from('\ufeffid,name\n1,žluťoučký\n', 'utf16le'),
    rows: [['1', 'žluťoučký']],
  },
  {
    title: 'UTF-16 big-endian with a mark',
    file: Buffer.from('\ufeffid,name\n1,žluť\n', 'utf16le').swap16(),
    rows: [['1', 'žluť']],
  },
  {
    title: 'latin-1 is found and read',
    file: Buffer.from('id,name\n1,caf\xe9\n2,na\xefve\n', 'latin1'),
    rows: [
      ['1', 'café'],
      ['2', 'naïve'],
    ],
  },
  {
    title: 'CP1250 is read when it is named',
    file: Buffer.from('id,name\n1,\x9elu\x9d\n', 'latin1'),
    options: { encoding: 'windows-1250' },
    rows: [['1', 'žluť']],
  },
  {
    title: 'a byte that is not UTF-8 rejects its row alone',
    file: Buffer.from(
      'id,name\n1,á\n2,x\xff\n3,é\n4,ó\n'.replace(/[áéó]/g, (c) => Buffer.from(c).toString('latin1')),
      'latin1',
    ),
    options: anyRejects,
    rows: [
      ['1', 'á'],
      ['3', 'é'],
      ['4', 'ó'],
    ],
    rejects: [[3, /UTF-8/]],
  },
  {
    title: 'CRLF ends',
    file: 'id,name\r\n1,x\r\n2,y\r\n',
    rows: [
      ['1', 'x'],
      ['2', 'y'],
    ],
  },
  {
    title: 'CR ends',
    file: 'id,name\r1,x\r2,y\r',
    rows: [
      ['1', 'x'],
      ['2', 'y'],
    ],
  },
  {
    title: 'mixed ends',
    file: 'id,name\r\n1,x\n2,y\r\n3,"z"\n',
    rows: [
      ['1', 'x'],
      ['2', 'y'],
      ['3', 'z'],
    ],
  },
  {
    title: 'a CRLF header over LF rows',
    file: 'id,name\r\n1,x\n2,y\n',
    rows: [
      ['1', 'x'],
      ['2', 'y'],
    ],
  },
  {
    title: 'a CR in the first quoted cell',
    file: 'id,name\n1,"a\rb"\n2,y\n',
    rows: [
      ['1', 'a\rb'],
      ['2', 'y'],
    ],
  },
  {
    title: 'a CRLF in a quoted cell of an LF file',
    file: 'id,name\n1,"a\r\nb"\n2,y\n',
    rows: [
      ['1', 'a\r\nb'],
      ['2', 'y'],
    ],
  },
  {
    title: 'quotes, delimiters and line ends in quoted cells',
    file: 'id,name\n1,"a ""b"", c\nd"\n2,y\n',
    rows: [
      ['1', 'a "b", c\nd'],
      ['2', 'y'],
    ],
  },
  {
    title: 'a quote inside an unquoted cell is a character',
    file: 'id,name\n1,5" disk\n2,y\n',
    rows: [
      ['1', '5" disk'],
      ['2', 'y'],
    ],
  },
  {
    title: 'a quote left open in the middle costs its own row only',
    file: 'id,name\n1,x\n2,"open\n3,"fine"\n4,"good"\n',
    options: anyRejects,
    rows: [
      ['1', 'x'],
      ['3', 'fine'],
      ['4', 'good'],
    ],
    rejects: [[3, /quote/, '2,"open']],
  },
  {
    title: 'a quote left open on the last line fails the file',
    registered: 'id,name\n1,x\n',
    file: 'id,name\n1,x\n2,"open\n',
    options: anyRejects,
    fails: ['source_data', /line 3 is never closed/],
  },
  {
    title: 'a quote left open to the end swallows rows and fails the file',
    registered: 'id,name\n1,x\n',
    file: `id,name\n1,x\n2,"open\n${many(100)}\n`,
    options: anyRejects,
    fails: ['source_data', /line 3 is never closed/],
  },
  {
    title: 'text after a closing quote rejects its row',
    file: 'id,name\n1,"x"y\n2,z\n',
    options: anyRejects,
    rows: [['2', 'z']],
    rejects: [[2, /closing quote/, '1,"x"y']],
  },
  {
    title: 'a footer line is a reject, not a dialect',
    file: 'id,name\n1,x\n2,y\n3,z\nTotal: 3\n',
    options: anyRejects,
    columns: ['id BIGINT', 'name VARCHAR'],
    rows: [
      ['1', 'x'],
      ['2', 'y'],
      ['3', 'z'],
    ],
    rejects: [[5, /1 cell instead of 2/, 'Total: 3']],
  },
  {
    title: 'a footer line over the default threshold fails the table',
    file: 'id,name\n1,x\n2,y\n3,z\nTotal: 3\n',
    fails: ['too_many_rejects', /1 of 4 rows/],
  },
  {
    title: 'a long row is a reject',
    file: 'id,name\n1,x,y\n2,z\n',
    options: anyRejects,
    rows: [['2', 'z']],
    rejects: [[2, /3 cells instead of 2/]],
  },
  {
    title: 'a short row is padded when asked for',
    file: 'id,name\n1\n2,z\n',
    options: { pad_short_rows: true },
    rows: [
      ['1', null],
      ['2', 'z'],
    ],
  },
  {
    title: 'a reject after cells with line ends has its true line',
    file: 'id,name\n1,"a\nb\nc"\n2,"d\ne"\nbad\n3,z\n',
    options: anyRejects,
    rows: [
      ['1', 'a\nb\nc'],
      ['2', 'd\ne'],
      ['3', 'z'],
    ],
    rejects: [[7, /1 cell/, 'bad']],
  },
  {
    title: 'a value that does not fit its type is a reject with its column and line',
    registered: 'id,name\n1,x\n',
    file: 'id,name\n1,"a\nb"\n1.5,x\n 7,y\n1e3,z\n2,w\n',
    options: anyRejects,
    rows: [
      ['1', 'a\nb'],
      ['2', 'w'],
    ],
    rejects: [
      [4, /id is not a BIGINT/, '1.5,x'],
      [5, /id is not a BIGINT/, ' 7,y'],
      [6, /id is not a BIGINT/, '1e3,z'],
    ],
  },
  {
    title: 'a header in another order',
    registered: 'id,name\n1,x\n',
    file: 'name,id\nx,1\n',
    columns: ['id BIGINT', 'name VARCHAR'],
    rows: [['1', 'x']],
  },
  {
    title: 'a header in another case',
    registered: 'id,name\n1,x\n',
    file: 'ID, Name \n1,x\n',
    columns: ['id BIGINT', 'name VARCHAR'],
    rows: [['1', 'x']],
  },
  {
    title: 'a renamed column is a new one, and the old one is NULL',
    registered: 'id,name\n1,x\n',
    file: 'id,label\n1,x\n',
    columns: ['id BIGINT', 'name VARCHAR', 'label VARCHAR'],
    rows: [['1', null, 'x']],
  },
  {
    title: 'a missing column is NULL',
    registered: 'id,name\n1,x\n',
    file: 'id\n1\n',
    columns: ['id BIGINT', 'name VARCHAR'],
    rows: [['1', null]],
  },
  {
    title: 'a frozen schema refuses a new column',
    registered: 'id,name\n1,x\n',
    file: 'id,name,extra\n1,x,y\n',
    options: { schema_policy: 'freeze' },
    fails: ['schema_changed', /extra/],
  },
  {
    title: 'repeated and blank names',
    file: 'id,ID,,id\n1,2,3,4\n',
    columns: ['id BIGINT', 'ID_2 BIGINT', 'column_3 BIGINT', 'id_3 BIGINT'],
    rows: [['1', '2', '3', '4']],
  },
  {
    title: 'names that look like numbers keep their order',
    file: 'country,2019,2020,1999\ncz,1,2,3\n',
    columns: ['country VARCHAR', '2019 BIGINT', '2020 BIGINT', '1999 BIGINT'],
    rows: [['cz', '1', '2', '3']],
  },
  {
    title: 'a hostile name is a name',
    file: '"a""; DROP TABLE x; --",\'q\'\n1,2\n',
    columns: ['a"; DROP TABLE x; -- BIGINT', "'q' BIGINT"],
    rows: [['1', '2']],
  },
  {
    title: 'a header with a line end in a name',
    file: '"a\nb",c\n1,2\n',
    columns: ['a\nb BIGINT', 'c BIGINT'],
    rows: [['1', '2']],
  },
  {
    title: 'a cell of 2 MB',
    file: `id,name\n1,"${long.replaceAll('"', '""')}"\n2,x\n`,
    rows: [
      ['1', long],
      ['2', 'x'],
    ],
  },
  {
    title: 'a cell of 20 MB',
    file: `id,name\n1,${longer}\n2,x\n`,
    rows: [
      ['1', longer],
      ['2', 'x'],
    ],
  },
  {
    title: 'a NUL byte is a character',
    file: 'id,name\n1,x\0y\n2,z\n',
    rows: [
      ['1', 'x\0y'],
      ['2', 'z'],
    ],
  },
  {
    title: 'leading zeros and plus signs are text',
    file: 'zip,phone\n00100,+420123456789\n12000,+420987654321\n',
    columns: ['zip VARCHAR', 'phone VARCHAR'],
    rows: [
      ['00100', '+420123456789'],
      ['12000', '+420987654321'],
    ],
  },
  {
    title: 'integers of 20 digits are text, of 18 are numbers',
    file: 'a,b\n12345678901234567890,123456789012345678\n',
    columns: ['a VARCHAR', 'b BIGINT'],
    rows: [['12345678901234567890', '123456789012345678']],
  },
  {
    title: 'a decimal with more digits than a double keeps is text',
    file: 'a\n1.2345678901234567\n',
    columns: ['a VARCHAR'],
    rows: [['1.2345678901234567']],
  },
  {
    title: 'ambiguous dates are text',
    file: 'd\n01/02/2024\n03/04/2024\n',
    columns: ['d VARCHAR'],
    rows: [['01/02/2024'], ['03/04/2024']],
  },
  {
    title: 'dates in a format people gave',
    file: 'd\n01.02.2024\n13.04.2024\n',
    options: { date_format: '%d.%m.%Y' },
    columns: ['d DATE'],
    rows: [['2024-02-01'], ['2024-04-13']],
  },
  {
    title: 'ISO dates and times',
    file: 'd,t,z\n2024-01-02,2024-01-02T03:04:05.123456,2024-01-02 03:04:05+02:00\n',
    columns: ['d DATE', 't TIMESTAMP', 'z TIMESTAMP WITH TIME ZONE'],
    rows: [['2024-01-02', '2024-01-02 03:04:05.123456', '2024-01-02 01:04:05+00']],
  },
  {
    title: 'a date before our era is no date',
    file: 'd\n0044-03-15 BC\n',
    columns: ['d VARCHAR'],
    rows: [['0044-03-15 BC']],
  },
  {
    title: 'a decimal comma',
    file: 'a;b\n1,5;x\n-2,25;y\n',
    options: { decimal: ',' },
    columns: ['a DOUBLE', 'b VARCHAR'],
    rows: [
      [1.5, 'x'],
      [-2.25, 'y'],
    ],
  },
  {
    title: 'an exact decimal never rounds',
    registered: 'a\n1.50\n',
    file: 'a\n1.50\n2.345\n',
    options: { types: { a: 'DECIMAL(10,2)' }, ...anyRejects },
    columns: ['a DECIMAL(10,2)'],
    rows: [['1.50']],
    rejects: [[3, /DECIMAL\(10,2\)/]],
  },
  {
    title: 'an empty cell is NULL and a quoted one is text',
    file: 'a,b\n,""\nx,y\n',
    rows: [
      [null, ''],
      ['x', 'y'],
    ],
  },
  {
    title: 'NA, NULL and the like are text',
    file: 'a,b\nNA,NULL\n\\N,-\n',
    rows: [
      ['NA', 'NULL'],
      ['\\N', '-'],
    ],
  },
  {
    title: 'NA is NULL when it is named',
    file: 'a,b\n1,x\nNA,NA\n',
    options: { null_values: ['NA'] },
    columns: ['a BIGINT', 'b VARCHAR'],
    rows: [
      ['1', 'x'],
      [null, null],
    ],
  },
  {
    title: 'a quoted NA in a text column stays text',
    file: 'a,b\n1,"NA"\n',
    options: { null_values: ['NA'] },
    rows: [['1', 'NA']],
  },
  {
    title: 'a quoted empty cell in a numeric column is a reject',
    registered: 'a,b\n1,x\n',
    file: 'a,b\n"",x\n2,y\n',
    options: anyRejects,
    rows: [['2', 'y']],
    rejects: [[2, /a is not a BIGINT/]],
  },
  {
    title: 'yes and no are text, true and false are not',
    file: 'a,b\nyes,true\nno,FALSE\n',
    columns: ['a VARCHAR', 'b BOOLEAN'],
    rows: [
      ['yes', true],
      ['no', false],
    ],
  },
  { title: 'zero bytes say nothing', registered: 'id\n1\n', file: '', fails: ['source_data', /zero bytes/] },
  { title: 'zero bytes at registration', file: '', refused: /zero bytes/ },
  {
    title: 'a header alone is a table without rows',
    registered: 'id,name\n1,x\n',
    file: 'id,name\n',
    columns: ['id BIGINT', 'name VARCHAR'],
    rows: [],
  },
  {
    title: 'a header without a line end is a table without rows',
    registered: 'id,name\n1,x\n',
    file: 'id,name',
    columns: ['id BIGINT', 'name VARCHAR'],
    rows: [],
  },
  {
    title: 'no line end at the end',
    file: 'id,name\n1,x\n2,',
    rows: [
      ['1', 'x'],
      ['2', null],
    ],
  },
  {
    title: 'blank lines are not rows',
    file: 'id,name\n\n1,x\n\n\n2,y\n\n',
    rows: [
      ['1', 'x'],
      ['2', 'y'],
    ],
  },
  { title: 'a blank line in a file of one column is a NULL row', file: 'name\na\n\nb\n', rows: [['a'], [null], ['b']] },
  {
    title: 'lines before the header',
    file: 'Report of Monday\n"by, someone\nid,name\n1,x\n',
    options: { skip: 2 },
    rows: [['1', 'x']],
  },
  {
    title: 'lines of comment',
    file: '# made by hand\nid,name\n1,x\n# the end\n',
    options: { comment: '#' },
    rows: [['1', 'x']],
  },
  {
    title: 'semicolons, tabs and bars are found',
    file: { 'a.csv': 'id;name\n1;x, y\n' },
    source_table: 'a.csv',
    rows: [['1', 'x, y']],
  },
  { title: 'tabs', name: 'f.tsv', file: 'id\tname\n1\tx, y\n', rows: [['1', 'x, y']] },
  {
    title: 'no header',
    file: '1,x\n2,y\n',
    options: { header: false },
    columns: ['column_1 BIGINT', 'column_2 VARCHAR'],
    rows: [
      ['1', 'x'],
      ['2', 'y'],
    ],
  },
  {
    title: 'values where names should be are asked about',
    file: '1,2\n3,4\n',
    refused: /no column names but values: 1, 2/,
  },
  {
    title: 'backslash escapes',
    file: 'id,name\n1,"a\\"b"\n2,"c\\\\"\n',
    options: { escape: '\\' },
    rows: [
      ['1', 'a"b'],
      ['2', 'c\\'],
    ],
  },
  {
    title: 'no quotes at all',
    file: 'id,name\n1,"x\n2,y"\n',
    options: { quote: '' },
    rows: [
      ['1', '"x'],
      ['2', 'y"'],
    ],
  },
  {
    title: 'blanks around a quoted cell',
    file: 'id,name\n1, "x" \n2,y\n',
    rows: [
      ['1', 'x'],
      ['2', 'y'],
    ],
  },
  {
    title: 'a trailing delimiter',
    registered: 'id,name\n1,x\n',
    file: 'id,name\n1,x,\n2,y,\n',
    rows: [
      ['1', 'x'],
      ['2', 'y'],
    ],
  },
  { title: 'gzip', name: 'f.csv.gz', file: gzipSync('id,name\n1,x\n'), rows: [['1', 'x']] },
  {
    title: 'gzip of several members',
    name: 'f.csv.gz',
    file: Buffer.concat([gzipSync('id,name\n1,x\n'), gzipSync('2,y\n')]),
    rows: [
      ['1', 'x'],
      ['2', 'y'],
    ],
  },
  { title: 'gzip with the suffix of plain text', file: gzipSync('id,name\n1,x\n'), rows: [['1', 'x']] },
  { title: 'plain text with the suffix of gzip', name: 'f.csv.gz', file: 'id,name\n1,x\n', rows: [['1', 'x']] },
  {
    title: 'gzip cut in the middle',
    name: 'f.csv.gz',
    registered: gzipSync('id,name\n1,x\n'),
    file: gzipSync(`id,name\n${many(20_000)}\n`).subarray(0, 40_000),
    options: anyRejects,
    fails: ['source_data', /gzip stream is damaged or cut off/],
  },
  {
    title: 'gzip cut before its trailer, at a row border',
    name: 'f.csv.gz',
    registered: gzipSync('id,name\n1,x\n'),
    file: gzipSync('id,name\n1,x\n2,y\n').subarray(0, -8),
    options: anyRejects,
    fails: ['source_data', /gzip stream is damaged or cut off/],
  },
  {
    title: 'gzip with a wrong checksum',
    name: 'f.csv.gz',
    registered: gzipSync('id,name\n1,x\n'),
    file: flipped(gzipSync('id,name\n1,x\n2,y\n'), -6),
    options: anyRejects,
    fails: ['source_data', /gzip stream is damaged or cut off/],
  },
  {
    title: 'gzip of nothing',
    name: 'f.csv.gz',
    registered: gzipSync('id,name\n1,x\n'),
    file: gzipSync(''),
    fails: ['source_data', /nothing after decompression/],
  },
  {
    title: 'gzip of zero bytes',
    name: 'f.csv.gz',
    registered: gzipSync('id,name\n1,x\n'),
    file: '',
    fails: ['source_data', /zero bytes/],
  },
  {
    title: 'gzip in UTF-16',
    name: 'f.csv.gz',
    file: gzipSync(Buffer.from('\ufeffid,name\r\n1,ž\r\n', 'utf16le')),
    rows: [['1', 'ž']],
  },
  { title: 'Zstandard', name: 'f.csv.zst', file: zstdCompressSync('id,name\n1,x\n'), rows: [['1', 'x']] },
  {
    title: 'Zstandard cut off',
    name: 'f.csv.zst',
    registered: zstdCompressSync('id,name\n1,x\n'),
    file: zstdCompressSync(`id,name\n${many(20_000)}\n`).subarray(0, -3),
    options: anyRejects,
    fails: ['source_data', /zstd stream is damaged or cut off/],
  },
  {
    title: 'an Excel workbook',
    file: Buffer.from('PK\x03\x04aaaaaaaaaaaaaaaaaaaaaa', 'latin1'),
    refused: /Excel workbook/,
  },
  { title: 'a web page', file: '<!DOCTYPE html>\n<html><body>Sign in</body></html>\n', refused: /web page/ },
  { title: 'noise', file: Buffer.concat(Array.from({ length: 80 }, () => noise)), refused: /binary data/ },
  {
    title: 'a text without rows of one kind',
    file: 'a,b\none\ntwo, three, four\nfive\nsix\n',
    refused: /makes no sense/,
  },
  {
    title: 'types that do not fit at all',
    file: 'a\nx\ny\n',
    options: { types: { a: 'BIGINT' } },
    refused: /column a is not BIGINT/,
  },
  { title: 'a type that is none', file: 'a\nx\n', options: { types: { a: 'MONEY' } }, refused: /MONEY/ },
  {
    title: 'types of columns that are not there',
    file: 'a\nx\n',
    options: { types: { b: 'VARCHAR' } },
    refused: /does not have: b/,
  },
  { title: 'an encoding that is none', file: 'a\nx\n', options: { encoding: 'klingon' }, refused: /klingon/ },
  {
    title: 'objects on lines, with numbers a double would shorten',
    name: 'f.ndjson',
    file: '{"id":1,"n":12345678901234567.123,"big":123456789012345678901,"o":{"a":[1,2]},"s":"x"}\n{"id":2,"s":null,"late":true}\n',
    columns: ['id BIGINT', 'n VARCHAR', 'big VARCHAR', 'o VARCHAR', 's VARCHAR', 'late BOOLEAN'],
    rows: [
      ['1', '12345678901234567.123', '123456789012345678901', '{"a":[1,2]}', 'x', null],
      ['2', null, null, null, null, true],
    ],
  },
  {
    title: 'numbers in quotes are text',
    name: 'f.jsonl',
    file: '{"zip":"12345","n":5}\n',
    columns: ['zip VARCHAR', 'n BIGINT'],
    rows: [['12345', '5']],
  },
  {
    title: 'a line that is no object is a reject',
    name: 'f.ndjson',
    file: '{"id":1}\n{"id":\n[2]\n\n{"id":"x"}\n{"id":3}\n',
    options: { ...anyRejects, types: { id: 'BIGINT' } },
    rows: [['1'], ['3']],
    rejects: [
      [2, /not valid JSON/, '{"id":'],
      [3, /not a JSON object/],
      [5, /id is not a BIGINT/, '{"id":"x"}'],
    ],
  },
  {
    title: 'exact decimals from JSON',
    name: 'f.ndjson',
    file: '{"a":12345678901234567.12}\n',
    options: { types: { a: 'DECIMAL(38,2)' } },
    rows: [['12345678901234567.12']],
  },
  {
    title: 'an array of objects',
    name: 'f.json',
    file: '[\n  {"id": 1, "name": "x"},\n  {"id": 2, "name": "ž"}\n]\n',
    rows: [
      ['1', 'x'],
      ['2', 'ž'],
    ],
  },
  { title: 'packed objects', name: 'f.ndjson.gz', file: gzipSync('{"id":1}\n{"id":2}\n'), rows: [['1'], ['2']] },
  {
    title: 'a Parquet file cut off',
    name: 'f.parquet',
    file: Buffer.from('PAR1aaaaaaaaaaaaaaaa'),
    refused: /not a whole Parquet file/,
  },
];

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const index = copy.length + at;
  copy[index] = copy[index]! ^ 0xff;
  return copy;
}
