/** What holds for any table of texts written as CSV. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { columnNames } from '../../../src/connectors/csv/column-names.ts';
import { parseRecord } from '../../../src/connectors/csv/parse-record.ts';
import { readRecords } from '../../../src/connectors/csv/read-records.ts';
import { readCsv } from '../../../src/connectors/csv/separated-relation.ts';
import { Database } from '../../../src/duckdb/database.ts';
import { Inbox } from './inbox.ts';

let inbox: Inbox;

beforeAll(async () => {
  inbox = await Inbox.create();
});

afterAll(() => inbox.remove());

/** NUL cannot stand in a path or in SQL text, but in a cell it can; lone surrogates have no UTF-8. */
const cell = fc.option(
  fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ';', ' ', 'a', "'", '\\'), maxLength: 8 }),
  ),
  { nil: null },
);
const table = fc
  .integer({ min: 2, max: 4 })
  .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 12 }));
const lineEnd = fc.constantFrom('\n', '\r\n');

/** RFC 4180, with an empty unquoted cell for NULL. */
const written = (rows: (string | null)[][], end: string) =>
  rows
    .map((row) => row.map((value) => (value === null ? '' : `"${value.replaceAll('"', '""')}"`)).join(',') + end)
    .join('');

test('any table of texts comes back equal from both readers, whatever the chunks', async () => {
  await using database = await Database.inMemory({
    memoryLimit: '300MB',
    threads: 2,
    tempDirectory: `${inbox.directory}/spill`,
  });
  const session = await database.connect();
  await fc.assert(
    fc.asyncProperty(table, lineEnd, fc.integer({ min: 1, max: 40 }), async (rows, end, size) => {
      const text = written(rows, end);
      const bytes = Buffer.from(text);
      async function* chunks() {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      }
      const found: (string | null)[][] = [];
      for await (const batch of readRecords(
        chunks(),
        { delimiter: ',', quote: '"', escape: '"', carriageReturn: false },
        {},
      )) {
        for (const record of batch) {
          expect(record.fault).toBeNull();
          found.push(
            record.values.map((value, index) =>
              value === '' && !record.quoted[index] ? null : Buffer.from(value, 'latin1').toString(),
            ),
          );
        }
      }
      expect(found).toEqual(rows);
      const path = await inbox.write('any.csv', bytes);
      const names = rows[0]!.map((_, index) => `c${index}`);
      const relation = readCsv(path, {
        delimiter: ',',
        quote: '"',
        lineEnd: end as '\n',
        header: false,
        nullValues: [],
        names,
      });
      const read = await session.rows<Record<string, string | null>>(`FROM ${relation}`);
      expect(read.map((row) => names.map((name) => row[name]))).toEqual(rows);
    }),
    { numRuns: 300 },
  );
});

test('the order of columns in a file never changes the table, and loading a file twice changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(table, fc.integer(), async (rows, seed) => {
      const names = rows[0]!.map((_, index) => `column${index}`);
      const order = names.map((_, index) => index).sort((a, b) => Math.sin(seed + a) - Math.sin(seed + b));
      const id = `t${Math.abs(seed)}`;
      const header = (columns: string[]) => `${columns.join(',')}\n`;
      await inbox.write(`${id}.csv`, header(names) + written(rows, '\n'));
      const registered = await inbox.register(id, `${id}.csv`, {
        types: Object.fromEntries(names.map((name) => [name, 'VARCHAR'])),
      });
      expect(await inbox.runOne(registered)).toMatchObject({ status: 'succeeded', rows: rows.length });
      const straight = await inbox.query(`FROM ${id}`);
      await inbox.write(
        `${id}.csv`,
        header(order.map((index) => names[index]!)) +
          written(
            rows.map((row) => order.map((index) => row[index]!)),
            '\n',
          ),
        60_000,
      );
      const again = await inbox.runOne(registered);
      expect(again).toMatchObject({ status: 'unchanged', rows: rows.length });
      expect(await inbox.query(`FROM ${id}`)).toEqual(straight);
    }),
    { numRuns: 4 },
  );
}, 120_000);

test('a record is the same whether its text comes at once or is cut anywhere', () => {
  const dialect = { delimiter: ',', quote: '"', escape: '"', carriageReturn: false };
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ' ', 'a', 'b'), maxLength: 20 }),
      fc.nat(20),
      (text, cut) => {
        const whole = parseRecord(text, 0, true, dialect);
        const part = parseRecord(text.slice(0, cut), 0, false, dialect);
        // A part either waits for more or already says what the whole says.
        if (!('openQuote' in part)) expect(part).toEqual(whole);
      },
    ),
    { numRuns: 5_000 },
  );
});

test('names are unique whatever the header holds', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.constantFrom('a', 'A', 'a_2', 'A_2', '', ' ', 'column_1', 'column_2', 'column_1_2'),
          fc.string({ maxLength: 3 }),
        ),
        { maxLength: 8 },
      ),
      (header) => {
        const { names } = columnNames(header);
        expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(header.length);
        expect(names.every((name) => name.trim() !== '')).toBe(true);
      },
    ),
    { numRuns: 2_000 },
  );
});
