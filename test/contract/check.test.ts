import { chmod, mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkExtract } from '../../src/contract/check.ts';
import { findingCodes } from '../../src/contract/findings.ts';
import { hashFile } from '../../src/files/hash-file.ts';
import { foreignMeta, limitsIn, publishTables, runPlain, temporaryFolder, writeForeign } from '../helpers/extracts.ts';
import { holdForWriting } from '../helpers/hold-for-writing.ts';

async function check(directory: string, deep = false) {
  await using place = await temporaryFolder();
  return await checkExtract(directory, { limits: limitsIn(place.directory), deep });
}

/** Codes found in a foreign extract made of these statements, with the table where there is one. */
async function codesOf(statements: string[], deep = false): Promise<string[]> {
  await using data = await temporaryFolder();
  const folder = await writeForeign(data.directory, 'probe', statements);
  const { findings } = await check(folder, deep);
  return findings.map(({ code, table }) => (table === null ? code : `${code} ${table}`));
}

const partsTable =
  'CREATE TABLE _parts (table_name VARCHAR, path VARCHAR, rows BIGINT, size_bytes BIGINT, sha256 VARCHAR)';
const remoteTable = 'CREATE TABLE _remote_attach (alias VARCHAR, extension VARCHAR, url VARCHAR, token_env VARCHAR)';
const item = 'CREATE TABLE t AS SELECT 1 AS id';
const list = "INSERT INTO _meta (table_name) VALUES ('t')";

describe('the contract check', () => {
  it('finds nothing in what our publisher writes, also when it reads every byte', async () => {
    await using data = await temporaryFolder();
    await publishTables(data.directory, 'crm', {
      orders: ['SELECT 1 AS id', 'SELECT 2 AS id'],
      items: 'SELECT 1 AS id',
    });
    const outcome = await check(join(data.directory, 'extracts/crm'), true);
    expect(outcome).toEqual({
      ok: true,
      findings: [],
      tables: [
        { name: 'items', query_mode: 'local', object: 'view', rows: 1, parts: 1 },
        { name: 'orders', query_mode: 'local', object: 'view', rows: 2, parts: 2 },
      ],
    });
  });

  it('finds nothing in a plain extract of native tables', async () => {
    expect(await codesOf([foreignMeta, item, list], true)).toEqual([]);
  });

  it('says when the folder or the database is missing', async () => {
    await using data = await temporaryFolder();
    expect((await check(join(data.directory, 'nowhere'))).findings).toMatchObject([{ code: 'folder_missing' }]);
    await mkdir(join(data.directory, 'empty_one'));
    const outcome = await check(join(data.directory, 'empty_one'));
    expect(outcome).toMatchObject({
      ok: false,
      findings: [{ code: 'extract_missing', severity: 'error', table: null }],
    });
  });

  it('says when the file is no database, is held by a writer, or was left with a log', async () => {
    await using data = await temporaryFolder();
    const folder = await writeForeign(data.directory, 'probe', [foreignMeta, item, list]);
    const file = join(folder, 'extract.duckdb');
    const writer = await holdForWriting(file, 'INSERT INTO t VALUES (2)');
    expect((await check(folder)).findings.map((found) => found.code)).toEqual(['wal_left', 'locked']);
    await writer.kill();
    expect(await check(folder)).toMatchObject({ ok: true, findings: [{ code: 'wal_left', severity: 'warning' }] });
    await rm(`${file}.wal`);
    await writeFile(file, 'garbage '.repeat(4000));
    expect((await check(folder)).findings).toMatchObject([{ code: 'not_a_database' }]);
  });

  it.each<[string, string[], string[]]>([
    ['no _meta', [item], ['meta_missing']],
    [
      'a _meta without end',
      ["CREATE VIEW _meta AS SELECT 't' || range AS table_name FROM range(1_000_000_000_000)"],
      ['catalogue_too_large'],
    ],
    [
      '_meta with a column missing, one too many and one of another type',
      [
        'CREATE TABLE _meta (table_name VARCHAR, description VARCHAR, rows INTEGER, size_bytes BIGINT, query_mode VARCHAR, owner VARCHAR)',
      ],
      ['meta_column_type', 'meta_column_missing', 'meta_column_extra'],
    ],
    [
      'names that cannot be used',
      [
        foreignMeta.replace(' NOT NULL', ''),
        "INSERT INTO _meta (table_name) VALUES (NULL), ('Orders'), ('a-b'), ('main'), ('1st')",
      ],
      ['name_invalid', 'name_invalid Orders', 'name_invalid a-b', 'name_invalid main', 'name_invalid 1st'],
    ],
    [
      'a name twice, in another case',
      [foreignMeta, item, list, list, "INSERT INTO _meta (table_name) VALUES ('T')"],
      ['name_duplicate t', 'name_invalid T'],
    ],
    [
      'an unknown query_mode',
      [foreignMeta, item, "INSERT INTO _meta (table_name, query_mode) VALUES ('t', 'hybrid')"],
      ['query_mode_invalid t'],
    ],
    ['a row without an object', [foreignMeta, list], ['object_missing t']],
    ['an object without a row', [foreignMeta, item], ['object_unlisted t']],
    [
      'a view that does not bind',
      [
        foreignMeta,
        item,
        'CREATE VIEW v AS SELECT id FROM t',
        'ALTER TABLE t RENAME COLUMN id TO other',
        list,
        "INSERT INTO _meta (table_name) VALUES ('v')",
      ],
      ['object_unreadable v'],
    ],
    [
      'another number of rows',
      [foreignMeta, item, "INSERT INTO _meta (table_name, rows) VALUES ('t', 7)"],
      ['rows_differ t'],
    ],
    [
      'paths of parts that leave the folder or are patterns',
      [
        foreignMeta,
        item,
        list,
        partsTable,
        ...['../x.parquet', '/etc/passwd', 'data/*.parquet', 'data\\x', 's3://bucket/x', ''].map(
          (path) => `INSERT INTO _parts VALUES ('t', '${path}', 1, 1, '')`,
        ),
      ],
      Array.from({ length: 6 }, () => 'part_path t'),
    ],
    [
      'parts that are missing, listed twice, or of no table',
      [
        foreignMeta,
        item,
        list,
        partsTable,
        "INSERT INTO _parts VALUES ('t', 'data/x.parquet', 1, 1, ''), ('t', 'data/x.parquet', 1, 1, ''), ('u', 'data/y.parquet', 1, 1, '')",
      ],
      ['part_duplicate t', 'part_unlisted u', 'part_missing t'],
    ],
    [
      '_parts with other columns',
      [
        foreignMeta,
        'CREATE TABLE _parts (table_name VARCHAR, path VARCHAR, rows VARCHAR, sha256 VARCHAR, extra INTEGER)',
      ],
      ['parts_column_type', 'parts_column_missing', 'parts_column_extra'],
    ],
    [
      'remote rows without _remote_attach',
      [foreignMeta, "INSERT INTO _meta (table_name, query_mode) VALUES ('t', 'remote')"],
      ['remote_attach_missing t'],
    ],
    [
      '_remote_attach with names that do not fit and a secret',
      [
        foreignMeta,
        remoteTable,
        "INSERT INTO _remote_attach VALUES ('Bad Alias', 'bigquery', 'project=x', ''), ('kbc', 'keboola; LOAD x', 'https://x', 'MY_TOKEN'), ('KBC', 'keboola', 'https://u:hunter2@x', 'abc-123/456')",
      ],
      [
        'remote_alias',
        'remote_extension',
        'remote_alias',
        'remote_alias_duplicate',
        'remote_token_env',
        'remote_secret',
      ],
    ],
    [
      '_remote_attach with other columns',
      [foreignMeta, 'CREATE TABLE _remote_attach (alias INTEGER, extension VARCHAR, url VARCHAR, token VARCHAR)'],
      ['remote_column_type', 'remote_column_missing', 'remote_column_extra'],
    ],
  ])('finds %s', async (_title, statements, codes) => {
    expect(await codesOf(statements)).toEqual(codes);
  });

  it('says of a part that names no table whose row it is', async () => {
    await using data = await temporaryFolder();
    const folder = await writeForeign(data.directory, 'probe', [
      foreignMeta,
      partsTable,
      "INSERT INTO _parts VALUES (NULL, 'data/x.parquet', 1, 1, ''), (NULL, NULL, 1, 1, '')",
    ]);
    expect((await check(folder)).findings.map(({ table, message }) => [table, message])).toEqual([
      [null, expect.stringContaining('the row of data/x.parquet has no table_name')],
      [null, expect.stringContaining('the row of a part without a path has no table_name')],
    ]);
  });

  it('says of a view that reads what lies elsewhere which file it is and what to do', async () => {
    await using data = await temporaryFolder();
    const outside = join(data.directory, 'outside.csv');
    await writeFile(outside, 'id\n1\n');
    const folder = await writeForeign(data.directory, 'probe', [
      foreignMeta,
      `CREATE VIEW t AS SELECT * FROM read_csv('${outside}')`,
      list,
    ]);
    const { findings } = await check(folder);
    expect(findings).toMatchObject([{ code: 'object_unreadable', table: 't' }]);
    expect(findings[0]?.message).toContain(`it reads "${outside}", which is not below the folder of the extract`);
    expect(findings[0]?.message).toContain('store its rows in a table instead');
    expect(findings[0]?.message).not.toContain('configuration');
  });

  it('never repeats what may be a secret', async () => {
    await using data = await temporaryFolder();
    const folder = await writeForeign(data.directory, 'probe', [
      foreignMeta,
      remoteTable,
      "INSERT INTO _remote_attach VALUES ('kbc', 'keboola', 'https://u:hunter2@x', 'hunter2/very-secret')",
    ]);
    const { findings } = await check(folder);
    expect(findings.map((found) => found.code)).toEqual(['remote_token_env', 'remote_secret']);
    expect(JSON.stringify(findings)).not.toContain('hunter2');
  });

  it('finds parts of another size or row count, other bytes, and links out of the folder', async () => {
    await using data = await temporaryFolder();
    const published = await publishTables(data.directory, 'crm', { orders: 'SELECT 1 AS id' });
    const folder = join(data.directory, 'extracts/crm');
    const part = join(folder, published.tables.get('orders')?.parts[0]?.path ?? '');
    const codes = async () => (await check(folder)).findings.map((found) => found.code);
    const { size } = await stat(part);

    // One byte in the data, not in the frame: only reading all of it can tell.
    const { readFile } = await import('node:fs/promises');
    const bytes = await readFile(part);
    const changed = Buffer.from(bytes);
    const footer = changed.lastIndexOf('DuckDB version');
    changed[footer] = 'd'.charCodeAt(0);
    await chmod(part, 0o644);
    await writeFile(part, changed);
    expect(await codes()).toEqual(['part_sha256']);

    await writeFile(part, Buffer.concat([bytes, Buffer.from('x')]));
    expect(await codes()).toEqual(expect.arrayContaining(['part_size']));
    await writeFile(part, Buffer.alloc(size, 'x'));
    expect(await codes()).toEqual(expect.arrayContaining(['part_unreadable']));

    await rm(part);
    const outside = join(data.directory, 'outside.parquet');
    await writeFile(outside, bytes);
    await symlink(outside, part);
    expect(await codes()).toEqual(expect.arrayContaining(['part_escapes']));
  });

  it('finds a view that gives something else than its parts', async () => {
    await using data = await temporaryFolder();
    const files = join(data.directory, 'extracts/probe/data');
    await mkdir(files, { recursive: true });
    const [written] = await runPlain(':memory:', [
      `COPY (SELECT 1 AS id) TO '${files}/p.parquet' (FORMAT parquet, RETURN_STATS true)`,
    ]);
    const sha256 = await hashFile(join(files, 'p.parquet'));
    const folder = await writeForeign(data.directory, 'probe', [
      foreignMeta,
      partsTable,
      'CREATE TABLE columns AS SELECT 1 AS other',
      'CREATE TABLE counts AS SELECT 1 AS id FROM range(2)',
      'CREATE TABLE contents AS SELECT 2 AS id',
      ...['columns', 'counts', 'contents'].flatMap((name) => [
        `INSERT INTO _meta (table_name) VALUES ('${name}')`,
        `INSERT INTO _parts VALUES ('${name}', 'data/p.parquet', 1, ${written?.file_size_bytes}, '${sha256}')`,
      ]),
    ]);
    const differ = async (deep: boolean) =>
      (await check(folder, deep)).findings.filter((found) => found.code === 'parts_differ').map((found) => found.table);
    expect(await differ(false)).toEqual(['columns', 'counts']);
    expect(await differ(true)).toEqual(['columns', 'counts', 'contents']);
  });

  it('has a code, a severity and a title for everything it can find', () => {
    for (const [code, [severity, title]] of Object.entries(findingCodes)) {
      expect(code).toMatch(/^[a-z0-9_]+$/);
      expect(['error', 'warning']).toContain(severity);
      expect(title.length).toBeGreaterThan(10);
    }
  });
});
