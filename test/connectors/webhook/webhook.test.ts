/** What an outsider can put into a signed event; each row names its outcome. */
import { describe, expect, test } from 'vitest';
import { momentOf, versionText } from '../../../src/connectors/webhook/version-text.ts';
import { webhook } from '../../../src/connectors/webhook/webhook.ts';

const settings = webhook.settings.parse({
  table: 'orders',
  secret_env: 'S',
  key: ['id'],
  version: 'v',
  columns: { id: { path: 'id' }, total: { path: 'data.total', type: 'BIGINT' }, raw: { path: 'data' } },
});

function meaning(text: string | Buffer) {
  const body = Buffer.from(text as string);
  const facts = webhook.receive!.admit(settings, { headers: {}, body, receivedAt: 1 });
  const stored = { ...facts, body, receivedAt: 1, origin: 'pushed' as const, released: false };
  return webhook.receive!.interpret(settings, stored);
}

describe('versions sort as they are meant', () => {
  const ascending: [string, unknown[]][] = [
    ['whole numbers', [0, 1, 9, 10, 99, 1_000, 2 ** 53, 1e21, 1e22]],
    ['numbers beyond 2^53 as text', ['9007199254740992', '9007199254740993', '9007199254740994']],
    ['fractions', [0.5, 1, 1.05, 1.1, 1.9, 2]],
    ['instants in different zones', ['2026-01-01T00:30:00+01:00', '2026-01-01T00:00:00Z', '2025-12-31T23:30:00-0100']],
    ['instants finer than a millisecond', ['2026-01-01T00:00:00.0000001Z', '2026-01-01T00:00:00.0000002Z']],
    ['instants without a zone are UTC', ['2026-01-01T00:00:00.5Z', '2026-01-01 00:00:01', '2026-01-01T00:00:02Z']],
    ['text that is no time', ['rev 12', 'rev 13', 'rev 7', 'v1']],
  ];
  test.each(ascending)('%s', (_what, versions) => {
    const texts = versions.map((version) => versionText(version)!);
    expect([...texts].sort()).toEqual(texts);
    expect(new Set(texts).size).toBe(texts.length);
  });

  test.each([null, undefined, '', {}, [], true, -1, Number.NaN, 1e60])('%s is no version', (value) => {
    expect(versionText(value)).toBeNull();
  });

  test('a moment is read only where one is written', () => {
    expect(momentOf('2026-01-01T00:00:00.250Z')).toBe(Date.UTC(2026, 0, 1, 0, 0, 0, 250));
    for (const other of ['v1', 'rev 7', '7', 7, null, '2026-13-01']) expect(momentOf(other)).toBeNull();
  });
});

describe('what is in a body', () => {
  test('numbers beyond 2^53 keep every digit, as keys, versions and values', () => {
    const [one, two] = ['9007199254740993', '9007199254740992'].map((id) =>
      meaning(`{"id": ${id}, "v": 1, "data": {"total": 12345678901234567}}`),
    );
    expect([one![0], two![0]]).toMatchObject([
      { key: ['9007199254740993'], row: { total: '12345678901234567' } },
      { key: ['9007199254740992'] },
    ]);
  });

  test('digits inside of texts stay as they are', () => {
    const [change] = meaning(`{"id": "a", "v": 1, "data": "say \\"12345678901234567890\\" {1234567890123456789}"}`);
    expect(change).toMatchObject({ row: { raw: 'say "12345678901234567890" {1234567890123456789}' } });
  });

  test('of two members with one name the last counts', () => {
    expect(meaning('{"id": "a", "id": "b", "v": 1}')[0]).toMatchObject({ key: ['b'] });
  });

  test('members that JavaScript knows by itself are plain data', () => {
    const [change] = meaning('{"id": "a", "v": 1, "__proto__": {"v": 9}, "data": {"constructor": 1}}');
    expect(change).toMatchObject({ version: versionText(1), row: { raw: '{"constructor":1}' } });
    expect(() => meaning('{"__proto__": {"id": "a", "v": 1}}')).toThrow(/key or its version/);
  });

  const refused: [string, string | Buffer, string][] = [
    ['half a JSON', '{"id":', 'malformed'],
    ['an array', '[1]', 'malformed'],
    ['nothing', '', 'malformed'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 'malformed'],
    ['no key', '{"v": 1}', 'source_data'],
    ['an empty key', '{"id": "", "v": 1}', 'source_data'],
    ['no version', '{"id": "a"}', 'source_data'],
    ['a version that is an object', '{"id": "a", "v": {"n": 1}}', 'source_data'],
    ['a negative version', '{"id": "a", "v": -1}', 'source_data'],
  ];
  test.each(refused)('%s: %#, kept aside', (_what, text, code) => {
    expect(() => meaning(text)).toThrow(expect.objectContaining({ code }));
  });

  test('half a million levels of brackets do not bring the door down', () => {
    const deep = `{"id": "a", "v": ${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    expect(() =>
      webhook.receive!.admit(settings, { headers: {}, body: Buffer.from(deep), receivedAt: 1 }),
    ).not.toThrow();
    expect(() => meaning(deep)).toThrow(expect.objectContaining({ code: 'source_data' }));
  });
});
