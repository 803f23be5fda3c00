/** Expressions, by precedence: OR, AND, NOT, comparisons, ||, + -, * /, unary, postfix. */
import { type FieldType, scalarKind } from '../model/field-types.ts';
import { parsePrimary } from './parse-primary.ts';
import { parseQuery } from './parse-query.ts';
import type { TokenReader } from './token-reader.ts';
import type { Expression } from './tree.ts';

export function parseExpression(reader: TokenReader): Expression {
  let left = parseAnd(reader);
  while (reader.acceptWord('OR')) left = { node: 'binary', op: 'OR', left, right: parseAnd(reader) };
  return left;
}

function parseAnd(reader: TokenReader): Expression {
  let left = parseNot(reader);
  while (reader.acceptWord('AND')) left = { node: 'binary', op: 'AND', left, right: parseNot(reader) };
  return left;
}

function parseNot(reader: TokenReader): Expression {
  if (reader.acceptWord('NOT')) return { node: 'unary', op: 'NOT', of: parseNot(reader) };
  return parseComparison(reader);
}

const comparisons = ['=', '<>', '!=', '<=', '>=', '<', '>'];

function parseComparison(reader: TokenReader): Expression {
  const left = parseSum(reader);
  if (reader.acceptWord('IS')) {
    const negated = reader.acceptWord('NOT');
    const what = (['NULL', 'TRUE', 'FALSE'] as const).find((word) => reader.acceptWord(word));
    return what ? { node: 'is', of: left, what, negated } : reader.refuse('Unexpected');
  }
  const negated = ['IN', 'BETWEEN', 'LIKE'].some((word) => reader.isWord('NOT', word)) && reader.acceptWord('NOT');
  if (reader.acceptWord('BETWEEN')) {
    const low = parseSum(reader);
    reader.expectWord('AND');
    return { node: 'between', of: left, low, high: parseSum(reader), negated };
  }
  if (reader.acceptWord('LIKE')) return { node: 'like', of: left, pattern: parseSum(reader), negated };
  if (reader.acceptWord('IN')) return { node: 'in', of: left, items: parseInList(reader), negated };
  const op = comparisons.find((sign) => reader.acceptSign(sign));
  if (!op) return left;
  return { node: 'binary', op: op === '!=' ? '<>' : op, left, right: parseSum(reader) };
}

function parseInList(reader: TokenReader): Expression[] | { array: Expression } {
  if (reader.acceptWord('UNNEST')) {
    reader.expectSign('(');
    const array = parseExpression(reader);
    reader.expectSign(')');
    return { array };
  }
  reader.expectSign('(');
  if (reader.isWord('SELECT') || reader.isWord('WITH')) {
    const query = parseQuery(reader);
    reader.expectSign(')');
    return [{ node: 'subquery', query, exists: false }];
  }
  const items = [parseExpression(reader)];
  while (reader.acceptSign(',')) items.push(parseExpression(reader));
  reader.expectSign(')');
  return items;
}

function parseSum(reader: TokenReader): Expression {
  let left = parseProduct(reader);
  for (;;) {
    const op = ['+', '-'].find((sign) => reader.acceptSign(sign));
    if (!op) return left;
    left = { node: 'binary', op, left, right: parseProduct(reader) };
  }
}

function parseProduct(reader: TokenReader): Expression {
  let left = parseUnary(reader);
  for (;;) {
    const op = ['*', '/', '||'].find((sign) => reader.acceptSign(sign));
    if (!op) return left;
    left = { node: 'binary', op, left, right: parseUnary(reader) };
  }
}

function parseUnary(reader: TokenReader): Expression {
  if (reader.acceptSign('-')) return { node: 'unary', op: '-', of: parseUnary(reader) };
  if (reader.acceptSign('+')) return { node: 'unary', op: '+', of: parseUnary(reader) };
  return parsePostfix(reader, parsePrimary(reader));
}

const elementAccess: Record<string, { from: 0 | 1; safe: boolean }> = {
  OFFSET: { from: 0, safe: false },
  ORDINAL: { from: 1, safe: false },
  SAFE_OFFSET: { from: 0, safe: true },
  SAFE_ORDINAL: { from: 1, safe: true },
};

function parsePostfix(reader: TokenReader, start: Expression): Expression {
  let of = start;
  for (;;) {
    if (reader.acceptSign('.')) {
      of = { node: 'field', of, name: reader.name() };
    } else if (reader.acceptSign('[')) {
      const access = elementAccess[reader.peek().text.toUpperCase()];
      if (access) reader.next();
      of = { node: 'element', of, index: parseExpression(reader), ...(access ?? { from: 0, safe: false }) };
      reader.expectSign(']');
    } else {
      return of;
    }
  }
}

/** DATE '…', TIMESTAMP '…' and the other literals that name their type. */
export function typedLiteralType(reader: TokenReader): FieldType | undefined {
  if (reader.peek().kind !== 'word' || reader.peek(1).kind !== 'string') return undefined;
  const kind = scalarKind(reader.peek().text);
  return kind ? { kind } : undefined;
}
