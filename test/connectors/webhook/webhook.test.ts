/** What an outsider can put into a signed event; each row names its outcome. */
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fitValue } from '../../../src/connectors/webhook/fit-value.ts';
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
  const { facts } = webhook.receive!.admit(settings, { headers: {}, body, receivedAt: 1 });
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
    expect(() => meaning('{"__proto__": {"id": "a", "v": 1}}')).toThrow(/lacks id, the key column id/);
  });

  test('half an emoji in a list leaves JSON that every reader takes', () => {
    const [change] = meaning('{"id": "a", "v": 1, "data": ["\\ud83d", "\\\\ud83d", "\\ud83d\\ude00"]}');
    expect(change).toMatchObject({ row: { raw: '["\ufffd","\\\\ud83d","😀"]' } });
  });

  test('what is nested deeper than a thousand levels does not fit its column, and the others count', () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    expect(meaning(`{"id": "a", "v": 1, "data": ${deep}}`)[0]).toMatchObject({
      key: ['a'],
      row: { raw: null, '~misfit': true },
    });
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
    ['a version on a day that is in no calendar', '{"id": "a", "v": "2026-02-30T10:00:00Z"}', 'source_data'],
    ['a negative version', '{"id": "a", "v": -1}', 'source_data'],
    ['a key that is an object', '{"id": {"a": 1}, "v": 1}', 'source_data'],
    ['a key that is a list', '{"id": ["a"], "v": 1}', 'source_data'],
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

describe('a value becomes the one text its column takes, or nothing', () => {
  const fits: [Parameters<typeof fitValue>[0], unknown, string | null][] = [
    ['VARCHAR', { b: [1, 'ü'] }, '{"b":[1,"ü"]}'],
    ['VARCHAR', false, 'false'],
    ['BIGINT', '0042', '42'],
    ['BIGINT', -0, '0'],
    ['BIGINT', '9223372036854775807', '9223372036854775807'],
    ['BIGINT', '9223372036854775808', null],
    ['BIGINT', 1.5, null],
    ['BIGINT', 'many', null],
    ['BIGINT', {}, null],
    ['DOUBLE', '1e3', '1000'],
    ['DOUBLE', 1e308, '1e+308'],
    ['DOUBLE', Number.POSITIVE_INFINITY, null],
    ['DOUBLE', '0x10', null],
    ['BOOLEAN', 'TRUE', 'true'],
    ['BOOLEAN', 0, 'false'],
    ['BOOLEAN', 'yes', null],
    ['DATE', '2026-02-28', '2026-02-28'],
    ['DATE', '2026-01-01T01:00:00+02:00', '2025-12-31'],
    ['DATE', '2026-13-01', null],
    ['DATE', '2026-02-30', null],
    ['DATE', '2024-02-29', '2024-02-29'],
    ['TIMESTAMP', '2026-02-29T00:00:00Z', null],
    ['TIMESTAMP', '2026-01-01T01:00:00.1234567+02:00', '2025-12-31 23:00:00.123456'],
    ['TIMESTAMP', '2026-01-01', '2026-01-01 00:00:00.000000'],
    ['TIMESTAMP', 1767225600, null],
    ['TIMESTAMP', null, null],
  ];
  test.each(fits)('%s of %j is %j', (type, value, wanted) => {
    expect(fitValue(type, value)).toBe(wanted);
  });

  test('what does not fit is nothing, and its row says so', () => {
    const [change] = meaning('{"id": "a", "v": 1, "data": {"total": "many"}}');
    expect(change).toMatchObject({ row: { total: null, '~misfit': true } });
    expect(meaning('{"id": "a", "v": 1}')[0]).toMatchObject({ row: { total: null, '~misfit': false } });
  });

  test('a number too large for a DOUBLE is told as a misfit, not as infinity', () => {
    expect(meaning('{"id": "a", "v": 1, "data": {"total": 1e999}}')[0]).toMatchObject({ row: { '~misfit': true } });
  });
});

describe('a key of several typed columns', () => {
  const typed = webhook.settings.parse({
    table: 'sales',
    secret_env: 'S',
    key: ['shop', 'id'],
    version: 'v',
    columns: { shop: { path: 'shop' }, id: { path: 'id', type: 'BIGINT' } },
  });
  const keyOf = (text: string) => {
    const stored = { identifier: null, name: null, occurredAt: null, receivedAt: 1, released: false };
    const [change] = webhook.receive!.interpret(typed, { ...stored, body: Buffer.from(text), origin: 'pushed' });
    return (change as { key: readonly string[] }).key;
  };

  test('texts that mean one value name one row', () => {
    for (const id of ['1', '"1"', '"01"', '1.0', '1e0'])
      expect(keyOf(`{"shop": "n", "id": ${id}, "v": 1}`)).toEqual(['n', '1']);
  });

  test('a value that is none of its type is kept aside, with what it holds', () => {
    expect(() => keyOf('{"shop": "n", "id": "abc", "v": 1}')).toThrow('holds "abc", which is no BIGINT');
    expect(() => keyOf('{"shop": "n", "v": 1}')).toThrow(/lacks id, the key column id/);
  });
});

describe('signatures of Standard Webhooks', () => {
  const event = (signature: string, id = 'm') => ({
    headers: { 'webhook-id': id, 'webhook-timestamp': '1000', 'webhook-signature': signature },
    body: Buffer.from('{}'),
    receivedAt: 1_000_000,
  });
  const context = (secret: string) => ({
    source: 'shop',
    settings,
    signal: new AbortController().signal,
    secret: () => secret,
  });
  const key = Buffer.from('a key of the shop');
  const sound = `v1,${createHmac('sha256', key).update('m.1000.{}').digest('base64')}`;
  const verify = (signature: string, secret = key.toString('base64'), id = 'm') =>
    webhook.receive!.verify(context(secret), event(signature, id));

  test('one of several in a header suffices, whatever the others are', () => {
    expect(() => verify(`v1,AAAA v1a,zzzz ${sound} v2,x`, `whsec_${key.toString('base64')}`)).not.toThrow();
    expect(() => verify(sound)).not.toThrow();
  });

  test('none of another version, of another message or cut short does', () => {
    for (const other of [sound.replace('v1,', 'v1a,'), sound.slice(0, 20), `${sound},`.replace('v1', 'v2'), 'v1,', ''])
      expect(() => verify(other)).toThrow(expect.objectContaining({ code: 'unauthorized' }));
    expect(() => verify(sound, undefined, 'other')).toThrow(expect.objectContaining({ code: 'unauthorized' }));
  });

  test('a secret that is no key is a fault of ours: later is fine, and a check of the source says so', async () => {
    for (const secret of ['whsec_!!!', 'whsec_', 'a plain text']) {
      expect(() => verify(sound, secret)).toThrow(expect.objectContaining({ code: 'unavailable' }));
      const { warnings } = await webhook.check(context(secret));
      expect(warnings.join()).toMatch(/Every event is refused: .*no key of Standard Webhooks/);
    }
    expect((await webhook.check(context(key.toString('base64')))).warnings).toEqual([]);
  });
});
