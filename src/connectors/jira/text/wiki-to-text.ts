/** Jira's wiki markup as plain text: marks go, words stay, links keep their target, code keeps its lines. Whatever is written costs no more than its length. */
import { unbraceLine, unmarkLine } from './unmark-line.ts';

/** Only the outermost blocks count; a block without an end is prose. */
export function wikiToText(wiki: string): string {
  let text = '';
  let done = 0;
  for (const { start, from, to, end } of codeBlocks(wiki)) {
    text += `${inProse(wiki.slice(done, start))}\n${wiki.slice(from, to).trim()}\n`;
    done = end;
  }
  return (text + inProse(wiki.slice(done)))
    .replace(/(?<![ \t])[ \t]+\n/g, '\n')
    .replace(/\n{2,}/g, '\n')
    .trim();
}

interface Block {
  start: number;
  /** Its content. */
  from: number;
  to: number;
  end: number;
}

function* codeBlocks(wiki: string): Generator<Block> {
  const without = new Set<string>();
  const opening = /\{(code|noformat)(?::[^{}]*)?\}/g;
  for (let found = opening.exec(wiki); found !== null; found = opening.exec(wiki)) {
    const closing = `{${found[1]}}`;
    const from = opening.lastIndex;
    const to = without.has(closing) ? -1 : wiki.indexOf(closing, from);
    // One that is nowhere is not looked for again.
    if (to === -1) without.add(closing);
    else {
      opening.lastIndex = to + closing.length;
      yield { start: found.index, from, to, end: opening.lastIndex };
    }
  }
}

const rules: readonly [RegExp, string][] = [
  [/\r\n?/g, '\n'],
  [/^[ \t]*h[1-6]\.[ \t]*/gm, ''],
  [/^[ \t]*bq\.[ \t]*/gm, ''],
  [/^[ \t]*[*#-]+[ \t]+/gm, ''],
  [/^[ \t]*-{4,}[ \t]*$/gm, ''],
  [/!([^!\s|]+)(?:\|[^!\n]*)?!/g, '$1'],
  [/\|\|?/g, '\t'],
  [/\{(?:quote|panel|color|info|note|tip|warning|anchor|toc|section|column)(?::[^{}]*)?\}/g, ''],
];

const lastRules: readonly [RegExp, string][] = [
  [/\?\?([^?\n]+)\?\?/g, '$1'],
  [/\\\\/g, '\n'],
  [/\\([*_{}[\]!|+^~-])/g, '$1'],
];

function inProse(wiki: string): string {
  // Links go first: what stands in their brackets is not a table.
  const linked = wiki.replace(/\[([^[\]\n]*)\]/g, (whole, inner: string) => linkText(whole, inner));
  const lines = replaceAll(linked, rules).split('\n');
  return replaceAll(lines.map((line) => unbraceLine(unmarkLine(line))).join('\n'), lastRules);
}

function replaceAll(text: string, all: typeof rules): string {
  return all.reduce((done, [pattern, replacement]) => done.replace(pattern, replacement), text);
}

function linkText(whole: string, inner: string): string {
  if (inner.startsWith('~')) return `@${inner.slice(1).replace(/^accountid:/, '')}`;
  const [text = '', href = '', ...options] = inner.split('|');
  // Anything else between brackets and bars is somebody's prose.
  if (isAddress(href)) return [text === href ? text : `${text} (${href})`, ...options.filter(isProse)].join(' ');
  return isAddress(inner) ? inner.replace(/^[#^]/, '') : whole;
}

function isAddress(text: string): boolean {
  return /^(https?:|mailto:|ftp:|file:|\/|#|\^)\S*$/i.test(text);
}

function isProse(option: string): boolean {
  return !/^smart-(link|card|embed)$/.test(option);
}
