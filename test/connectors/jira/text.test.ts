/** Text out of Jira's two forms: no word is lost, whatever stands around it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adfToText } from '../../../src/connectors/jira/text/adf-to-text.ts';
import { redactUrls } from '../../../src/connectors/jira/text/redact-urls.ts';
import { wikiToText } from '../../../src/connectors/jira/text/wiki-to-text.ts';

const text = (value: string, ...marks: unknown[]) => ({
  type: 'text',
  text: value,
  ...(marks.length > 0 ? { marks } : {}),
});
const doc = (...content: unknown[]) => ({ type: 'doc', version: 1, content });
const paragraph = (...content: unknown[]) => ({ type: 'paragraph', content });

describe('a document', () => {
  const cases: [string, unknown, string][] = [
    ['paragraphs', doc(paragraph(text('one')), paragraph(text('two'))), 'one\ntwo'],
    [
      'a link',
      doc(paragraph(text('here', { type: 'link', attrs: { href: 'https://a.example' } }))),
      'here (https://a.example)',
    ],
    [
      'a bare link',
      doc(paragraph(text('https://a.example', { type: 'link', attrs: { href: 'https://a.example' } }))),
      'https://a.example',
    ],
    [
      'a smart link',
      doc(paragraph(text('see '), { type: 'inlineCard', attrs: { data: { '@id': 'https://a.example/1' } } })),
      'see  https://a.example/1',
    ],
    ['a mention', doc(paragraph({ type: 'mention', attrs: { id: 'x', text: '@Ann' } }, text(' hi'))), '@Ann hi'],
    ['an emoji', doc(paragraph({ type: 'emoji', attrs: { shortName: ':tada:', text: '🎉' } })), '🎉'],
    ['code', doc({ type: 'codeBlock', content: [text('a\n  b')] }), 'a\n  b'],
    [
      'a table',
      doc({
        type: 'table',
        content: [
          {
            type: 'tableRow',
            content: [
              { type: 'tableCell', content: [text('a')] },
              { type: 'tableCell', content: [text('b')] },
            ],
          },
        ],
      }),
      'a\tb',
    ],
    [
      'a date and a status',
      doc(
        paragraph(
          { type: 'date', attrs: { timestamp: '1767225600000' } },
          { type: 'status', attrs: { text: ' OPEN' } },
        ),
      ),
      '2026-01-01 OPEN',
    ],
    ['a node of tomorrow', doc({ type: 'hologram', attrs: 7, content: [text('still here')] }), 'still here'],
    [
      'malformed attributes',
      doc(paragraph({ type: 'mention', attrs: null }, { type: 'inlineCard', attrs: 'x' }, text('rest'))),
      '@rest',
    ],
    ['nothing', null, ''],
  ];
  test.each(cases)('%s', (_what, document, wanted) => {
    expect(adfToText(document)).toBe(wanted);
  });

  test('ten thousand levels deep keeps its text', () => {
    let node: unknown = text('bottom');
    for (let level = 0; level < 10_000; level += 1) node = { type: 'blockquote', content: [node] };
    expect(adfToText(doc(node))).toBe('bottom');
  });

  test('a million spaces cost no more than their length', () => {
    expect(adfToText(doc(paragraph(text(`start${' '.repeat(1_000_000)}end`))))).toMatch(/^start +end$/);
  });

  test('of any shape loses no text node', () => {
    const word = fc.stringMatching(/^[a-z]{3,12}$/);
    const kinds = fc.constantFrom('paragraph', 'panel', 'tableCell', 'listItem', 'unknownThing', 'expand', 'heading');
    const { node } = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 6 },
        word.map((value) => text(value)),
        fc.record({
          type: kinds,
          attrs: fc.oneof(fc.constant(null), fc.object()),
          content: fc.array(tie('node'), { maxLength: 4 }),
        }),
      ),
    }));
    fc.assert(
      fc.property(node, (root) => {
        const words: string[] = [];
        const collect = (one: unknown): void => {
          const { text: own, content } = one as { text?: string; content?: unknown[] };
          if (own !== undefined) words.push(own);
          for (const child of content ?? []) collect(child);
        };
        collect(root);
        const told = adfToText(doc(root));
        for (const one of words) expect(told).toContain(one);
      }),
      { numRuns: 200 },
    );
  });
});

describe('wiki markup', () => {
  const cases: [string, string, string][] = [
    ['marks', 'a *bold* and _slanted_ +under+ -gone- word', 'a bold and slanted under gone word'],
    ['headings and lists', 'h2. Title\n* one\n** two\n# three', 'Title\none\ntwo\nthree'],
    ['links', '[here|https://a.example] and [https://b.example]', 'here (https://a.example) and https://b.example'],
    ['mentions', '[~accountid:5b10] and [~ann]', '@5b10 and @ann'],
    ['code keeps its stars', '{code:java}a * b * c{code}', 'a * b * c'],
    ['panels', '{panel:title=X}inside{panel}', 'inside'],
    ['snake_case and 2*3*4', 'snake_case_name 2*3*4', 'snake_case_name 2*3*4'],
    ['pictures', '!shot.png|thumbnail!', 'shot.png'],
    ['braces', 'run {{npm test}} with {{{name}}} and {{half', 'run npm test with {name} and {{half'],
    ['brackets that are no link', 'array[0] and [draft]', 'array[0] and [draft]'],
  ];
  test.each(cases)('%s', (_what, wiki, wanted) => {
    expect(wikiToText(wiki)).toBe(wanted);
  });

  // Whoever may write a comment would otherwise hold up all events behind it.
  const hostile = [
    '{',
    '{{',
    '{{ }',
    ' ',
    '\t',
    '*a ',
    ' *a',
    '-a ',
    '|',
    '{color:',
    '{code:a}',
    '{code}{noformat}',
    '[a|',
    '!',
    '??a',
  ];
  test.each(hostile)('costs no more than its length, though it be a million times %j', (one) => {
    expect(wikiToText(`start ${one.repeat(1_000_000 / one.length)} end`)).toMatch(/^start.*end$/s);
  });

  test('loses no word', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{2,10}$/), { minLength: 1, maxLength: 20 });
    const mark = fc.constantFrom(
      '*',
      '_',
      '+',
      '-',
      '||',
      '|',
      '{quote}',
      '\n',
      '\n* ',
      'h1. ',
      '!',
      '~',
      '^',
      '\\\\',
      '[',
      ']',
      '{',
    );
    fc.assert(
      fc.property(words, fc.array(mark, { minLength: 20, maxLength: 20 }), (list, marks) => {
        const wiki = list.map((word, index) => `${marks[index]}${word} `).join('');
        const told = wikiToText(wiki);
        for (const word of list) expect(told).toContain(word);
      }),
      { numRuns: 300 },
    );
  });
});

describe('addresses', () => {
  const cases: [string, string][] = [
    ['see https://a.example/x?token=abc&page=2#frag', 'see https://a.example/x?token=REDACTED&page=2#frag'],
    ['https://a.example/#access_token=abc', 'https://a.example/#access_token=REDACTED'],
    ['https://a.example/?jwt=a.b.c', 'https://a.example/?jwt=REDACTED'],
    ['https://s3.example/k?X-Amz-Signature=abc&sig=def', 'https://s3.example/k?X-Amz-Signature=REDACTED&sig=REDACTED'],
    ['token=abc outside of an address', 'token=abc outside of an address'],
    ['https://a.example/?q=tokens&design=1', 'https://a.example/?q=tokens&design=1'],
  ];
  test.each(cases)('%s', (given, wanted) => {
    expect(redactUrls(given)).toBe(wanted);
  });
});
