/** What an expression is made of: literals, names, calls, constructors, subqueries. */
import { parseExpression, typedLiteralType } from './parse-expression.ts';
import { parseOrderBy, parseQuery } from './parse-query.ts';
import { parseType } from './parse-type.ts';
import type { TokenReader } from './token-reader.ts';
import type { Expression, SelectExpression } from './tree.ts';

export function parsePrimary(reader: TokenReader): Expression {
  const token = reader.peek();
  switch (token.kind) {
    case 'number':
      reader.next();
      return { node: 'literal', kind: /^(0[xX]|\d+$)/.test(token.text) ? 'INT64' : 'FLOAT64', text: token.text };
    case 'string':
    case 'bytes':
      reader.next();
      return { node: 'literal', kind: token.kind === 'string' ? 'STRING' : 'BYTES', text: token.text };
    case 'parameter':
      reader.next();
      return { node: 'parameter', name: token.text, position: token.text === '?' ? reader.positional++ : -1 };
    case 'quoted':
      return { node: 'path', parts: parsePath(reader), at: token.at };
    case 'word':
      return parseWord(reader);
    case 'sign':
      if (reader.acceptSign('(')) return parseParenthesis(reader);
      if (reader.isSign('[')) return { node: 'array', items: parseItems(reader) };
  }
  return reader.refuse('Unexpected');
}

function parseParenthesis(reader: TokenReader): Expression {
  if (reader.isWord('SELECT') || reader.isWord('WITH')) {
    const query = parseQuery(reader);
    reader.expectSign(')');
    return { node: 'subquery', query, exists: false };
  }
  const inner = parseExpression(reader);
  reader.expectSign(')');
  return inner;
}

function parseWord(reader: TokenReader): Expression {
  for (const kind of ['TRUE', 'FALSE', 'NULL'] as const) {
    if (reader.acceptWord(kind)) return { node: 'literal', kind: kind === 'NULL' ? 'NULL' : 'BOOL', text: kind };
  }
  if (reader.acceptWord('CASE')) return parseCase(reader);
  const type = typedLiteralType(reader);
  if (type) {
    reader.next();
    return { node: 'typed', type, text: reader.next().text };
  }
  if (reader.acceptWord('INTERVAL')) {
    return { node: 'interval', count: parseExpression(reader), unit: reader.name().toUpperCase() };
  }
  if (reader.isWord('ARRAY') || reader.isWord('STRUCT')) return parseConstructor(reader);
  if (reader.isSign('(', 1)) return parseCall(reader);
  return { node: 'path', parts: parsePath(reader), at: reader.peek().at };
}

function parsePath(reader: TokenReader): string[] {
  const parts = [reader.name()];
  while (reader.isSign('.') && !reader.isSign('*', 1)) {
    reader.next();
    parts.push(reader.name());
  }
  return parts;
}

function parseCase(reader: TokenReader): Expression {
  const of = reader.isWord('WHEN') ? undefined : parseExpression(reader);
  const whens: [Expression, Expression][] = [];
  while (reader.acceptWord('WHEN')) {
    const condition = parseExpression(reader);
    reader.expectWord('THEN');
    whens.push([condition, parseExpression(reader)]);
  }
  const otherwise = reader.acceptWord('ELSE') ? parseExpression(reader) : undefined;
  reader.expectWord('END');
  return { node: 'case', whens, ...(of ? { of } : {}), ...(otherwise ? { otherwise } : {}) };
}

function parseConstructor(reader: TokenReader): Expression {
  const array = reader.isWord('ARRAY');
  const type = reader.isSign('<', 1) ? parseType(reader) : undefined;
  if (!type) reader.next();
  if (array) return { node: 'array', items: parseItems(reader), ...(type ? { type } : {}) };
  reader.expectSign('(');
  const items: SelectExpression[] = [];
  while (!reader.acceptSign(')')) {
    const expression = parseExpression(reader);
    items.push(reader.acceptWord('AS') ? { expression, alias: reader.name() } : { expression });
    if (!reader.isSign(')')) reader.expectSign(',');
  }
  return { node: 'struct', items, ...(type ? { type } : {}) };
}

function parseItems(reader: TokenReader): Expression[] {
  reader.expectSign('[');
  const items: Expression[] = [];
  while (!reader.acceptSign(']')) {
    items.push(parseExpression(reader));
    if (!reader.isSign(']')) reader.expectSign(',');
  }
  return items;
}

function parseCall(reader: TokenReader): Expression {
  const { at } = reader.peek();
  const name = reader.name().toUpperCase();
  reader.expectSign('(');
  if (name === 'CAST' || name === 'SAFE_CAST') return parseCast(reader, name === 'SAFE_CAST');
  if (name === 'EXTRACT') return parseExtract(reader);
  if (name === 'EXISTS') {
    const query = parseQuery(reader);
    reader.expectSign(')');
    return { node: 'subquery', query, exists: true };
  }
  const distinct = reader.acceptWord('DISTINCT');
  const args: Expression[] = [];
  while (!reader.isSign(')') && !reader.isWord('ORDER')) {
    args.push(reader.acceptSign('*') ? { node: 'star' } : parseExpression(reader));
    if (!reader.isSign(')') && !reader.isWord('ORDER')) reader.expectSign(',');
  }
  const orderBy = reader.acceptWord('ORDER', 'BY') ? parseOrderBy(reader) : [];
  reader.expectSign(')');
  if (reader.isWord('OVER')) reader.refuse('Window functions are not known to this double:');
  return { node: 'call', name, args, distinct, at, orderBy };
}

function parseCast(reader: TokenReader, safe: boolean): Expression {
  const of = parseExpression(reader);
  reader.expectWord('AS');
  const type = parseType(reader);
  reader.expectSign(')');
  return { node: 'cast', of, type, safe };
}

function parseExtract(reader: TokenReader): Expression {
  const part = reader.name().toUpperCase();
  reader.expectWord('FROM');
  const of = parseExpression(reader);
  reader.expectSign(')');
  return { node: 'extract', part, of };
}
