/** SQL may begin with a comment, `-- so`, which the parser of options would take for one. Pure. */
import type { Option } from 'commander';

/** The words with every one that begins like an option and is none moved behind a `--`, where nothing is taken for an option. */
export function commentsLast(words: readonly string[], options: readonly Option[]): string[] {
  if (words.includes('--')) return [...words];
  const isComment = (word: string, index: number) =>
    /^--/.test(word) && /\s/.test(word) && !isOption(word, options) && !wantsValue(words[index - 1], options);
  const comments = words.filter(isComment);
  if (comments.length === 0) return [...words];
  return [...words.filter((word, index) => !isComment(word, index)), '--', ...comments];
}

function isOption(word: string, options: readonly Option[]): boolean {
  return options.some(({ long }) => word.split('=', 1)[0] === long);
}

function wantsValue(word: string | undefined, options: readonly Option[]): boolean {
  return options.some(({ long, short, required }) => required && (word === long || word === short));
}
