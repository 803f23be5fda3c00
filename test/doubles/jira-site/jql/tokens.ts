/** Cuts JQL into words, quoted texts and signs. */
export interface Token {
  kind: 'word' | 'text' | 'sign';
  value: string;
}

export class JqlError extends Error {}

const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(!=|>=|<=|[=<>(),])|([^\s"'=<>!(),]+))/y;

export function tokenise(jql: string): Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < jql.trimEnd().length) {
    const match = pattern.exec(jql);
    if (!match) throw new JqlError(`Error in the JQL Query: unexpected character in '${jql}'.`);
    const [, double, single, sign, word] = match;
    const quoted = double ?? single;
    if (quoted !== undefined) tokens.push({ kind: 'text', value: quoted.replace(/\\(.)/g, '$1') });
    else tokens.push(sign === undefined ? { kind: 'word', value: word! } : { kind: 'sign', value: sign });
  }
  return tokens;
}
