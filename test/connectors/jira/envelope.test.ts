import { expect, test } from 'vitest';
import { parseEvent } from '../../../src/connectors/jira/envelope.ts';

const parsed = (text: string) => parseEvent(Buffer.from(text));

test('empty custom fields count as absent, wherever they stand', () => {
  const fields = { customfield_1: null, summary: 's', customfield_2: 'x', customfield_3: null, customfield_40: null };
  const { fields: found } = parsed(JSON.stringify({ fields })) as { fields: Record<string, unknown> };
  expect(Object.entries(found).filter(([, value]) => value !== null)).toEqual([
    ['summary', 's'],
    ['customfield_2', 'x'],
  ]);
});

test('text that looks like an empty custom field is text', () => {
  const body = {
    summary: 'say "customfield_1":null, twice',
    list: ['"customfield_2":null,', '\\"customfield_3":null,'],
  };
  expect(parsed(JSON.stringify(body))).toEqual(body);
});

test.each(['', '{', '{"a":tru}', '{"customfield_1":null,', '{"customfield_1":null,}', '[]', '"customfield_1":null,'])(
  'what is no JSON object is refused: %s',
  (text) => {
    expect(() => parsed(text)).toThrow(expect.objectContaining({ code: 'malformed' }));
  },
);
