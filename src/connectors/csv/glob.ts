/** Matches file names inside a folder: `*`, `?`, `**`, `[a-z]`, `{a,b}`. */

/** Whether `pattern` holds anything but a plain name. */
export function isGlob(pattern: string): boolean {
  return /[*?[\]{}]/.test(pattern);
}

/** The pattern as a regular expression over a relative path with forward slashes. */
export function globPattern(pattern: string): RegExp {
  const tokens = /\*\*\/|\*\*|\*|\?|\[!?[^\]]+\]|\{[^{}]*\}|[\s\S]/g;
  const source = (pattern.match(tokens) ?? []).map((token) => {
    if (token === '**/') return '(?:[^/]+/)*';
    if (token === '**') return '.*';
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    if (token.length > 1 && token.startsWith('['))
      return `[${token.slice(1, -1).replace(/^!/, '^').replaceAll('\\', '\\\\')}]`;
    if (token.length > 1) return `(?:${token.slice(1, -1).split(',').map(escaped).join('|')})`;
    return escaped(token);
  });
  return new RegExp(`^${source.join('')}$`, 's');
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
