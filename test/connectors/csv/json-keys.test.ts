import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Inbox } from './inbox.ts';

let inbox: Inbox;

beforeEach(async () => {
  inbox = await Inbox.create();
});

afterEach(() => inbox.remove());

/** More than what a look at the beginning sees, and a key that only the last object has. */
const objects = (last: string) => [
  ...Array.from({ length: 30_000 }, (_, id) => `{"id":${id},"text":"some words to fill the line"}`),
  `{"id":-1,"text":"last",${last}}`,
];

const files: [string, string, string | Buffer][] = [
  ['lines', 'f.ndjson', `${objects('"zeta":"there","alpha":1').join('\n')}\n`],
  ['packed lines', 'f.ndjson.gz', gzipSync(`${objects('"zeta":"there","alpha":1').join('\n')}\n`)],
  ['lines in UTF-16', 'f.ndjson', Buffer.from(`\ufeff${objects('"alpha":1,"zeta":"there"').join('\n')}\n`, 'utf16le')],
  ['an array', 'f.json', `[${objects('"zeta":"there","alpha":1').join(',\n')}]`],
];

test.each(files)(
  'a key that only the last object of %s has becomes a column, and people are told',
  async (_, name, content) => {
    await inbox.write('start.ndjson', '{"id":0,"text":"x"}\n');
    const table = await inbox.register('objects', '*');
    await inbox.runOne(table);
    await inbox.write(name, content);
    const result = await inbox.runOne(table);
    expect(result).toMatchObject({ status: 'succeeded', rows: 30_002, rejected: 0 });
    expect(result.schema_changes.toSorted()).toEqual(['column alpha VARCHAR added', 'column zeta VARCHAR added']);
    expect(await inbox.query('SELECT id, alpha, zeta FROM objects WHERE zeta IS NOT NULL')).toMatchObject([
      { alpha: '1', zeta: 'there' },
    ]);
  },
);

test('a line that is no JSON hides no key behind it', async () => {
  const lines = objects('"late":"yes"');
  lines.splice(25_000, 0, '{"id":1,,}');
  await inbox.write('start.ndjson', '{"id":0,"text":"x"}\n');
  const table = await inbox.register('objects', '*');
  await inbox.runOne(table);
  await inbox.write('f.ndjson', `${lines.join('\n')}\n`);
  const result = await inbox.runOne(table);
  expect(result).toMatchObject({ status: 'succeeded', rows: 30_002, rejected: 1 });
  expect(result.schema_changes).toEqual(['column late VARCHAR added']);
});
