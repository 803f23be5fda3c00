import { expect, test } from 'vitest';
import { customFields } from '../../../src/connectors/jira/custom-fields.ts';

const nested = (levels: number) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);

test.each([
  [1_000, ['customfield_1', 'customfield_2']],
  [1_001, ['customfield_2']],
])('a field of %i levels costs no other field', (levels, kept) => {
  const { text, isMisfit } = customFields({ customfield_1: nested(levels), customfield_2: 1 }, new Set());
  expect([Object.keys(JSON.parse(text)), isMisfit]).toEqual([kept, kept.length === 1]);
});
