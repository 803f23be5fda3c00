/** Statements: only SELECT, with WITH, joins, UNION ALL, grouping, order and limits. Everything else is refused. */
import { invalidQuery } from '../rest/service-error.ts';
import { parseExpression } from './parse-expression.ts';
import { parseSource } from './parse-source.ts';
import { TokenReader } from './token-reader.ts';
import type { Expression, OrderItem, Query, Select, SelectItem } from './tree.ts';

export function parseStatement(sql: string): Query {
  const reader = new TokenReader(sql);
  if (!reader.isWord('SELECT') && !reader.isWord('WITH') && !reader.isSign('(')) {
    throw invalidQuery(`Syntax error: Unexpected "${reader.peek().text}": this double runs SELECT statements only`);
  }
  const query = parseQuery(reader);
  reader.acceptSign(';');
  if (reader.peek().kind !== 'end') reader.refuse('Unexpected');
  return query;
}

/** A bare condition, as row restrictions of the Storage Read API are. */
export function parseCondition(sql: string): Expression {
  const reader = new TokenReader(sql);
  const condition = parseExpression(reader);
  if (reader.peek().kind !== 'end') reader.refuse('Unexpected');
  return condition;
}

export function parseQuery(reader: TokenReader): Query {
  const query: Query = { with: reader.acceptWord('WITH') ? parseWith(reader) : [], selects: [], orderBy: [] };
  do {
    query.selects.push(parseOperand(reader));
  } while (reader.acceptWord('UNION', 'ALL'));
  if (reader.acceptWord('ORDER', 'BY')) query.orderBy = parseOrderBy(reader);
  if (reader.acceptWord('LIMIT')) {
    query.limit = parseExpression(reader);
    if (reader.acceptWord('OFFSET')) query.offset = parseExpression(reader);
  }
  return query;
}

function parseOperand(reader: TokenReader): Select | { nested: Query } {
  if (!reader.acceptSign('(')) return parseSelect(reader);
  const nested = parseQuery(reader);
  reader.expectSign(')');
  return { nested };
}

function parseWith(reader: TokenReader): Query['with'] {
  const named: Query['with'] = [];
  do {
    const name = reader.name();
    reader.expectWord('AS');
    reader.expectSign('(');
    named.push({ name, query: parseQuery(reader) });
    reader.expectSign(')');
  } while (reader.acceptSign(','));
  return named;
}

function parseSelect(reader: TokenReader): Select {
  reader.expectWord('SELECT');
  const distinct = reader.acceptWord('DISTINCT');
  if (!distinct) reader.acceptWord('ALL');
  const items = [parseItem(reader)];
  while (reader.acceptSign(',')) {
    if (reader.isWord('FROM')) break;
    items.push(parseItem(reader));
  }
  const select: Select = { distinct, items, groupBy: [] };
  if (reader.acceptWord('FROM')) select.from = parseSource(reader);
  if (reader.acceptWord('WHERE')) select.where = parseExpression(reader);
  if (reader.acceptWord('GROUP', 'BY')) select.groupBy = parseList(reader);
  if (reader.acceptWord('HAVING')) select.having = parseExpression(reader);
  return select;
}

const clauseWords = ['FROM', 'WHERE', 'GROUP', 'HAVING', 'ORDER', 'LIMIT', 'UNION'];

function parseItem(reader: TokenReader): SelectItem {
  if (reader.acceptSign('*')) return parseStar(reader, null);
  if (reader.isSign('.', 1) && reader.isSign('*', 2)) {
    const of = reader.name();
    reader.expectSign('.');
    reader.expectSign('*');
    return parseStar(reader, of);
  }
  const expression = parseExpression(reader);
  if (reader.acceptWord('AS')) return { expression, alias: reader.name() };
  const { kind, text } = reader.peek();
  const bareAlias = kind === 'quoted' || (kind === 'word' && !clauseWords.includes(text.toUpperCase()));
  return bareAlias ? { expression, alias: reader.name() } : { expression };
}

function parseStar(reader: TokenReader, star: string | null): SelectItem {
  const except: string[] = [];
  const replace: { expression: Expression; alias: string }[] = [];
  if (reader.acceptWord('EXCEPT')) {
    reader.expectSign('(');
    do except.push(reader.name());
    while (reader.acceptSign(','));
    reader.expectSign(')');
  }
  if (reader.acceptWord('REPLACE')) {
    reader.expectSign('(');
    do {
      const expression = parseExpression(reader);
      reader.expectWord('AS');
      replace.push({ expression, alias: reader.name() });
    } while (reader.acceptSign(','));
    reader.expectSign(')');
  }
  return { star, except, replace };
}

function parseList(reader: TokenReader): Expression[] {
  const list = [parseExpression(reader)];
  while (reader.acceptSign(',')) list.push(parseExpression(reader));
  return list;
}

export function parseOrderBy(reader: TokenReader): OrderItem[] {
  const items: OrderItem[] = [];
  do {
    const by = parseExpression(reader);
    const descending = reader.acceptWord('DESC');
    if (!descending) reader.acceptWord('ASC');
    const nulls = reader.acceptWord('NULLS', 'FIRST')
      ? 'FIRST'
      : reader.acceptWord('NULLS', 'LAST')
        ? 'LAST'
        : undefined;
    items.push({ by, descending, ...(nulls ? { nulls } : {}) });
  } while (reader.acceptSign(','));
  return items;
}
