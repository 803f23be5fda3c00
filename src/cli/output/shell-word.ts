/** Words of commands that people are told to type next. */

/** `text` as one word of a shell: quoted only where it must be. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-][\w@%+=:,./~-]*$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
