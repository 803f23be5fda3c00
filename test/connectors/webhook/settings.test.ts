/** What an operator may write of a webhook source: what could not work is refused with what is wrong. */
import { expect, test } from 'vitest';
import { webhook } from '../../../src/connectors/webhook/webhook.ts';

const sound = { table: 'orders', secret_env: 'S', key: ['id'], version: 'v', columns: { id: { path: 'id' } } };

function faults(settings: Record<string, unknown>): string[] {
  const { error } = webhook.settings.safeParse({ ...sound, ...settings });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test('the least is accepted', () => {
  expect(faults({})).toEqual([]);
});

const refused: [string, Record<string, unknown>, RegExp][] = [
  ['a table that is no name', { table: 'Or ders' }, /^table: /],
  // Its own tables are called after it: orders_events and orders_ingest.
  ['a table whose own tables would have no name', { table: 'o'.repeat(57) }, /^table: .*56/],
  ['no key', { key: [] }, /^key: /],
  ['a key column that is none', { key: ['id', 'region'] }, /^key: .*among the columns/],
  ['a key column named twice', { key: ['id', 'id'] }, /^key: .*twice/],
  ['a path with an empty member', { version: 'data..v' }, /^version: /],
  ['a column of no type', { columns: { id: { path: 'id', type: 'INT' } } }, /type: /],
  ['a signature nobody has', { signature: 'md5' }, /^signature: /],
  ['a header for a signature that has its own', { header: 'x-shop' }, /^header: .*hmac-sha256/],
  ['no secret', { secret_env: undefined }, /secret_env or secrets_env/],
];

test.each(refused)('%s is refused', (_what, settings, fault) => {
  expect(faults(settings).join('\n')).toMatch(fault);
});
