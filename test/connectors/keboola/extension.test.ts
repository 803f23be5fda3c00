/** The extension path as far as it goes without the binary: when it is chosen, what SQL it runs, and how a table comes back to HTTP. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { tableAnswer } from '../../../src/connectors/keboola/api/shapes.ts';
import { type SourceTable, sourceTableOf } from '../../../src/connectors/keboola/describe-table.ts';
import {
  attachStatements,
  extensionRelation,
  isRecent,
} from '../../../src/connectors/keboola/extension/attach-extension.ts';
import { choosePath } from '../../../src/connectors/keboola/extension/choose-path.ts';
import { openByExtension } from '../../../src/connectors/keboola/extension/open-by-extension.ts';
import type { HttpRead } from '../../../src/connectors/keboola/http-read.ts';
import type { Reading } from '../../../src/connectors/keboola/reading.ts';
import { settings } from '../../../src/connectors/keboola/settings.ts';
import type { OpenPiece, PieceWay } from '../../../src/connectors/read-way.ts';
import type { TableRequest } from '../../../src/connectors/table-request.ts';
import { Database } from '../../../src/duckdb/database.ts';
import { type KeboolaSource, keboolaSource, keboolaTable } from '../../helpers/keboola-source.ts';

const stack = { url: 'https://connection.keboola.com/' };

function table(
  columns: { name: string; type: string; length?: string }[],
  facts: Record<string, unknown> = {},
): SourceTable {
  return sourceTableOf(
    tableAnswer.parse({
      id: 'in.c-main.orders',
      name: 'orders',
      isTyped: true,
      rowsCount: 100,
      dataSizeBytes: 1000,
      columns: columns.map(({ name }) => name),
      definition: { columns: columns.map(({ name, type, length }) => ({ name, definition: { type, length } })) },
      ...facts,
    }),
  );
}

const plain = [
  { name: 'id', type: 'NUMBER', length: '18,0' },
  { name: 'name', type: 'VARCHAR' },
  { name: 'at', type: 'TIMESTAMP_NTZ' },
];

describe('the path of a table', () => {
  const chosen = (source: SourceTable, request: Partial<TableRequest> = {}, path = 'auto') =>
    choosePath(keboolaTable('orders', request), source, source.columns, settings.parse({ ...stack, path }));

  test('is the extension for a small table whose every value it keeps', () => {
    expect(chosen(table(plain))).toEqual({ path: 'extension' });
    expect(chosen(table(plain), {}, 'http')).toEqual({ path: 'http', reason: null });
    expect(chosen(table(plain), { options: { path: 'http' } })).toEqual({ path: 'http', reason: null });
  });

  test.each([
    ['a decimal', table([...plain, { name: 'x', type: 'NUMBER', length: '12,2' }])],
    ['a number beyond 18 digits', table([...plain, { name: 'x', type: 'NUMBER', length: '38,0' }])],
    ['an instant with a zone', table([...plain, { name: 'x', type: 'TIMESTAMP_TZ' }])],
    ['a variant', table([...plain, { name: 'x', type: 'VARIANT' }])],
    ['an alias', table(plain, { isAlias: true })],
    ['an external table', table(plain, { tableType: 'snowflake-external-table' })],
    ['unknown counts', table(plain, { rowsCount: null })],
    ['many rows', table(plain, { rowsCount: 200_001 })],
    ['many bytes', table(plain, { dataSizeBytes: 65 * 1024 * 1024 })],
  ])('is HTTP for %s', (_name, source) => expect(chosen(source)).toEqual({ path: 'http', reason: null }));

  test('is HTTP for conditions and increments, and says so where the extension was asked for', () => {
    const where = [{ column: 'id', op: 'eq' as const, value: '1' }];
    expect(chosen(table(plain), { options: { where } })).toMatchObject({ path: 'http' });
    expect(chosen(table(plain), { sync_strategy: 'incremental' }, 'extension')).toMatchObject({
      path: 'http',
      reason: expect.stringMatching(/whole tables/),
    });
    expect(chosen(table(plain, { rowsCount: 9_000_000 }), {}, 'extension')).toEqual({ path: 'extension' });
  });

  test('a classic table qualifies only without claims, which the extension turns into NULLs', () => {
    const classic = (value: string) =>
      sourceTableOf(
        tableAnswer.parse({
          id: 'in.c-main.orders',
          name: 'orders',
          rowsCount: 1,
          dataSizeBytes: 1,
          columns: ['a'],
          columnMetadata: { a: [{ id: '1', key: 'KBC.datatype.basetype', value, provider: 'user' }] },
        }),
      );
    expect(chosen(classic('STRING'))).toEqual({ path: 'extension' });
    expect(chosen(classic('INTEGER'))).toMatchObject({ path: 'http' });
  });
});

test('only 0.1.7 and later is used', () => {
  expect(['0.1.7', 'v0.1.10', '0.2.0', '1.0.0'].map(isRecent)).toEqual([true, true, true, true]);
  expect(['0.1.6', '0.0.9', '', 'abc'].map(isRecent)).toEqual([false, false, false, false]);
});

test('the token stands in a temporary secret, the stack is attached for reading only', () => {
  const [secret, attach] = attachStatements({ url: 'https://connection.keboola.com//', branch: '12' }, "to'ken");
  expect(secret).toBe(
    "CREATE OR REPLACE TEMPORARY SECRET keboola_stack_token (TYPE keboola, TOKEN 'to''ken', URL 'https://connection.keboola.com', BRANCH '12')",
  );
  expect(attach).toMatch(/READ_ONLY true/);
  expect(attach).not.toContain("to''ken");
});

describe('a table under an attached alias', () => {
  async function attached<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const directory = await mkdtemp(join(tmpdir(), 'da-keboola-extension-'));
    try {
      await using database = await Database.inMemory({ memoryLimit: '200MB', threads: 1, tempDirectory: directory });
      const session = await database.connect();
      await session.run(`ATTACH '${join(directory, 'stack.duckdb')}' AS keboola_stack`);
      await session.run('CREATE SCHEMA keboola_stack."in.c-main"');
      await session.run(
        'CREATE TABLE keboola_stack."in.c-main"."or""ders.v1" ("Id" BIGINT, "select" TIMESTAMP, _timestamp TIMESTAMP)',
      );
      await session.run(
        `INSERT INTO keboola_stack."in.c-main"."or""ders.v1" VALUES (1, '2024-02-03 04:05:06.5', now()), (NULL, NULL, now())`,
      );
      return await work(database);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  test('is read by names of its columns, as the texts that slices would hold', () =>
    attached(async (database) => {
      const session = await database.connect();
      const relation = extensionRelation('keboola_stack', 'in.c-main.or"ders.v1', ['Id', 'select']);
      expect(await session.rows(`SELECT * FROM ${relation} ORDER BY c0`)).toEqual([
        { c0: '1', c1: '2024-02-03 04:05:06.5' },
        { c0: null, c1: null },
      ]);
    }));

  test('comes back to HTTP with the cause when anything fails there', async () => {
    const notes: string[] = [];
    const http = { relation: 'http' } as OpenPiece;
    const reading = (answer: Awaited<ReturnType<Reading['extension']>>) =>
      ({
        extension: async () => answer,
        context: { note: (message: string) => notes.push(message) },
      }) as unknown as Reading;
    const read = { open: async () => http } as unknown as HttpRead;
    const asked = { name: 'orders', source: table(plain), columns: ['id'] };
    const way = {} as PieceWay;
    expect(await openByExtension(reading({ cause: 'it is missing' }), asked, way, read)).toBe(http);
    const open = await openByExtension(reading({ alias: 'keboola_stack', detach: async () => {} }), asked, way, read);
    expect(open).toMatchObject({
      rows: 100,
      relation: expect.stringContaining('"keboola_stack"."in.c-main"."orders"'),
    });
    expect(await open.recover?.(null)).toBeNull();
    expect(await open.recover?.(new Error('query timed out'))).toBe(http);
    expect(notes).toEqual([
      'orders is read by HTTP: it is missing',
      'orders is read by HTTP: the extension failed: query timed out',
    ]);
  });
});

describe('without the extension', () => {
  let source: KeboolaSource;
  afterEach(() => source.stop());

  test('a table that asks for it is read by HTTP in the same run, and the cause is said', async () => {
    source = await keboolaSource({}, { path: 'extension' });
    await source.double.control.project.createTable({ id: 'in.c-main.orders', columns: ['id'], rows: [['1']] });
    const report = await source.extract(['orders']);
    expect(report.tables[0]).toMatchObject({ status: 'succeeded', rows: 1 });
    expect(report.notes.join()).toMatch(/orders is read by HTTP: .*extension_directories/);
  });
});
