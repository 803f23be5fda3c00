/** Registration looks at places all over a large file and is right about what stands there. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Inbox } from './inbox.ts';

let inbox: Inbox;
beforeAll(async () => {
  inbox = await Inbox.create();
});
afterAll(() => inbox.remove());

const note = 'a note that goes on, ""quoted"",\nin a second line; '.repeat(4);

/** About 10 MB of rows of several lines each. */
function largeFile(code: (row: number, rows: number) => string): string {
  const rows = 45_000;
  return `id,code,note,amount\n${Array.from({ length: rows }, (_, row) => `${row},${code(row, rows)},"${note}",${row}.5\n`).join('')}`;
}

test.each([
  ['at its end', (row: number, rows: number) => (row === rows - 1 ? 'A17' : `${row}`)],
  ['in its second half', (row: number, rows: number) => (row > rows * 0.7 ? 'A17' : `${row}`)],
])('a column that holds text only %s is text, and rows of several lines do not disturb', async (_where, code) => {
  await inbox.write('large.csv', largeFile(code));
  const { types } = (await inbox.register('large', 'large.csv')).options;
  expect(types).toEqual({ id: 'BIGINT', code: 'VARCHAR', note: 'VARCHAR', amount: 'DOUBLE' });
});

test('of many files those from the first to the last are looked at', async () => {
  for (let file = 0; file < 120; file += 1)
    await inbox.write(`many/${String(file).padStart(3, '0')}.csv`, `id,late\n1,${file === 119 ? 'x' : '2'}\n`);
  const { types } = (await inbox.register('many', 'many/*.csv')).options;
  expect(types).toEqual({ id: 'BIGINT', late: 'VARCHAR' });
});
