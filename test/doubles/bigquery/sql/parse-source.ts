/** FROM: tables with time travel, subqueries, UNNEST and joins. */
import { parseExpression } from './parse-expression.ts';
import { parseQuery } from './parse-query.ts';
import type { TokenReader } from './token-reader.ts';
import type { Source } from './tree.ts';

export function parseSource(reader: TokenReader): Source {
  let left = parseOne(reader);
  for (;;) {
    if (reader.acceptSign(',')) {
      left = { source: 'join', kind: 'CROSS', left, right: parseOne(reader) };
      continue;
    }
    const kind = joinKind(reader);
    if (!kind) return left;
    const right = parseOne(reader);
    left = { source: 'join', kind, left, right, ...joinCondition(reader) };
  }
}

function joinKind(reader: TokenReader): 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS' | undefined {
  if (reader.acceptWord('JOIN') || reader.acceptWord('INNER', 'JOIN')) return 'INNER';
  if (reader.acceptWord('CROSS', 'JOIN')) return 'CROSS';
  for (const side of ['LEFT', 'RIGHT', 'FULL'] as const) {
    if (reader.acceptWord(side, 'JOIN') || reader.acceptWord(side, 'OUTER', 'JOIN')) return side;
  }
  return undefined;
}

function joinCondition(reader: TokenReader) {
  if (reader.acceptWord('ON')) return { on: parseExpression(reader) };
  if (!reader.acceptWord('USING')) return {};
  reader.expectSign('(');
  const using = [reader.name()];
  while (reader.acceptSign(',')) using.push(reader.name());
  reader.expectSign(')');
  return { using };
}

function parseOne(reader: TokenReader): Source {
  if (reader.acceptSign('(')) {
    const query = parseQuery(reader);
    reader.expectSign(')');
    return { source: 'query', query, ...parseAlias(reader) };
  }
  if (reader.acceptWord('UNNEST')) {
    reader.expectSign('(');
    const array = parseExpression(reader);
    reader.expectSign(')');
    const alias = parseAlias(reader);
    return { source: 'unnest', array, ...alias, ...(reader.acceptWord('WITH', 'OFFSET') ? withOffset(reader) : {}) };
  }
  return parseTable(reader);
}

function withOffset(reader: TokenReader): { offset: string } {
  return { offset: parseAlias(reader).alias ?? 'offset' };
}

function parseTable(reader: TokenReader): Source {
  const parts = tableParts(reader);
  // The alias may stand on either side of the time travel clause.
  const before = reader.isWord('FOR', 'SYSTEM_TIME') ? {} : parseAlias(reader);
  if (!reader.acceptWord('FOR', 'SYSTEM_TIME')) return { source: 'table', parts, ...before };
  reader.expectWord('AS', 'OF');
  const asOf = parseExpression(reader);
  return { source: 'table', parts, asOf, ...before, ...parseAlias(reader) };
}

/** `p.d.t`, `p`.`d`.`t`, p-with-dashes.d.t: dashes are allowed in a bare project name. */
function tableParts(reader: TokenReader): string[] {
  const parts: string[] = [];
  do {
    let part = reader.name();
    while (parts.length === 0 && reader.isSign('-')) {
      reader.next();
      part += `-${reader.next().text}`;
    }
    parts.push(...part.split('.'));
  } while (reader.acceptSign('.'));
  return parts;
}

const notAliases = [
  'WHERE',
  'GROUP',
  'HAVING',
  'ORDER',
  'LIMIT',
  'UNION',
  'JOIN',
  'INNER',
  'LEFT',
  'RIGHT',
  'FULL',
  'CROSS',
  'ON',
  'USING',
  'FOR',
  'WITH',
];

function parseAlias(reader: TokenReader): { alias?: string } {
  if (reader.acceptWord('AS')) return { alias: reader.name() };
  const { kind, text } = reader.peek();
  if (kind === 'quoted' || (kind === 'word' && !notAliases.includes(text.toUpperCase())))
    return { alias: reader.name() };
  return {};
}
