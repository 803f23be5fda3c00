/** Jira's wiki markup as plain text: marks go, words stay, links keep their target, code keeps its lines. */

const code = /\{(code|noformat)(?::[^}]*)?\}([\s\S]*?)\{\1\}/g;

export function wikiToText(wiki: string): string {
  let text = '';
  let done = 0;
  for (const found of wiki.matchAll(code)) {
    text += `${inProse(wiki.slice(done, found.index))}\n${(found[2] ?? '').trim()}\n`;
    done = found.index + found[0].length;
  }
  return (text + inProse(wiki.slice(done)))
    .replace(/[ \t]+\n/g, '\n')
    .replace(/\n{2,}/g, '\n')
    .trim();
}

const rules: readonly [RegExp, string][] = [
  [/\r\n?/g, '\n'],
  [/^[ \t]*h[1-6]\.[ \t]*/gm, ''],
  [/^[ \t]*bq\.[ \t]*/gm, ''],
  [/^[ \t]*[*#-]+[ \t]+/gm, ''],
  [/^[ \t]*-{4,}[ \t]*$/gm, ''],
  [/!([^!\s|]+)(?:\|[^!\n]*)?!/g, '$1'],
  [/\|\|?/g, '\t'],
  [/\{(?:quote|panel|color|info|note|tip|warning|anchor|toc|section|column)(?::[^}]*)?\}/g, ''],
  [/(^|[\s([{\t])([*_+^~-])(?=\S)([^\n]*?\S)\2(?=$|[\s.,;:!?)\]}\t])/gm, '$1$3'],
  [/\{\{([^}\n]*)\}\}/g, '$1'],
  [/\?\?([^?\n]+)\?\?/g, '$1'],
  [/\\\\/g, '\n'],
  [/\\([*_{}[\]!|+^~-])/g, '$1'],
];

function inProse(wiki: string): string {
  // Links go first: what stands in their brackets is not a table.
  const linked = wiki.replace(/\[([^[\]\n]*)\]/g, (whole, inner: string) => linkText(whole, inner));
  return rules.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), linked);
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
