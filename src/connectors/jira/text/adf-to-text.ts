/** A document of Jira Cloud's REST v3 as plain text. No text node is lost, whatever stands around it and however deep it lies. */
import { asList, asObject, type JsonObject, member, objectAt, textAt } from '../json.ts';

const blocks = new Set([
  'paragraph',
  'heading',
  'blockquote',
  'codeBlock',
  'rule',
  'panel',
  'expand',
  'nestedExpand',
  'bulletList',
  'orderedList',
  'listItem',
  'taskList',
  'taskItem',
  'decisionList',
  'decisionItem',
  'table',
  'tableRow',
  'mediaGroup',
  'mediaSingle',
  'layoutSection',
  'layoutColumn',
]);

type Step = { node: unknown } | { text: string };

/** Works off a list instead of calling itself: a document may be nested deeper than a call stack. */
export function adfToText(document: unknown): string {
  const out: string[] = [];
  const steps: Step[] = [{ node: document }];
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    if ('text' in step) out.push(step.text);
    else for (const next of expand(step.node).reverse()) steps.push(next);
  }
  return tidy(out.join(''));
}

function expand(value: unknown): Step[] {
  if (Array.isArray(value)) return value.map((node) => ({ node }));
  const node = asObject(value);
  if (node === null) return typeof value === 'string' ? [{ text: value }] : [];
  const type = textAt(node, 'type') ?? '';
  const own = ownText(type, node);
  const inside: Step[] = asList(member(node, 'content')).map((child) => ({ node: child }));
  const text: Step[] = own === '' ? [] : [{ text: own }];
  if (type === 'hardBreak') return [{ text: '\n' }];
  if (type === 'tableCell' || type === 'tableHeader') return [...inside, { text: '\t' }];
  return blocks.has(type) ? [{ text: '\n' }, ...text, ...inside, { text: '\n' }] : [...text, ...inside];
}

function ownText(type: string, node: JsonObject): string {
  const attrs = objectAt(node, 'attrs');
  if (type === 'text') return linked(textAt(node, 'text') ?? '', node);
  if (type === 'mention') return textAt(attrs, 'text') ?? `@${textAt(attrs, 'id') ?? ''}`;
  if (type === 'emoji') return textAt(attrs, 'text') ?? textAt(attrs, 'shortName') ?? '';
  if (type === 'status') return textAt(attrs, 'text') ?? '';
  if (type === 'date') return dateText(textAt(attrs, 'timestamp'));
  if (type.endsWith('Card')) {
    const url =
      textAt(attrs, 'url') ?? textAt(objectAt(attrs, 'data'), 'url') ?? textAt(objectAt(attrs, 'data'), '@id');
    return url === null ? '' : ` ${url} `;
  }
  if (type === 'media' || type === 'mediaInline') return textAt(attrs, 'alt') ?? '';
  if (type === 'expand' || type === 'nestedExpand') return `${textAt(attrs, 'title') ?? ''}\n`;
  // A node of a kind yet unknown may hold text of its own.
  return textAt(node, 'text') ?? textAt(attrs, 'text') ?? '';
}

/** `text (href)`, unless the text is the link. */
function linked(text: string, node: JsonObject): string {
  const link = asList(member(node, 'marks')).find((mark) => textAt(mark, 'type') === 'link');
  const href = link === undefined ? null : textAt(objectAt(link, 'attrs'), 'href');
  return href === null || href === text ? text : `${text} (${href})`;
}

function dateText(timestamp: string | null): string {
  const date = new Date(Number(timestamp ?? Number.NaN));
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, 10);
}

/** One blank line at most, no spaces before an end of line. */
function tidy(text: string): string {
  return text
    .replace(/(?<![ \t])[ \t]+\n/g, '\n')
    .replace(/\n{2,}/g, '\n')
    .trim();
}
