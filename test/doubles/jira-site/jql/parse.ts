/** The part of JQL that readers of a site need: clauses joined by AND, lists, comparisons of time, ORDER BY. */
import { JqlError, type Token, tokenise } from './tokens.ts';

type Operator = '=' | '!=' | '>' | '>=' | '<' | '<=' | 'in' | 'not in';

export interface Clause {
  field: Field;
  operator: Operator;
  values: string[];
}

export interface Order {
  field: Field;
  descending: boolean;
}

export interface Query {
  clauses: Clause[];
  order: Order[];
}

type Field = 'project' | 'id' | 'updated' | 'created';

const fieldNames: Readonly<Record<string, Field>> = {
  project: 'project',
  id: 'id',
  issue: 'id',
  issuekey: 'id',
  key: 'id',
  updated: 'updated',
  updateddate: 'updated',
  created: 'created',
  createddate: 'created',
};

export function parseJql(jql: string): Query {
  const tokens = tokenise(jql);
  const reader = { at: 0, tokens };
  const clauses: Clause[] = [];
  while (!done(reader) && !isWord(reader, 'order')) {
    if (clauses.length > 0) expectWord(reader, 'and');
    clauses.push(readClause(reader));
  }
  return { clauses, order: done(reader) ? [] : readOrder(reader) };
}

/** Bounded means that something narrows the search: a negation alone does not, nor does ORDER BY. */
export function isBounded(query: Query): boolean {
  return query.clauses.some((clause) => clause.operator !== '!=' && clause.operator !== 'not in');
}

interface Reader {
  at: number;
  tokens: Token[];
}

const done = (reader: Reader) => reader.at >= reader.tokens.length;

function take(reader: Reader): Token {
  const token = reader.tokens[reader.at];
  if (!token) throw new JqlError('Error in the JQL Query: it ends too early.');
  reader.at += 1;
  return token;
}

function isWord(reader: Reader, word: string): boolean {
  const token = reader.tokens[reader.at];
  return token?.kind === 'word' && token.value.toLowerCase() === word;
}

function expectWord(reader: Reader, word: string): void {
  if (!isWord(reader, word)) {
    throw new JqlError(`Error in the JQL Query: expected ${word.toUpperCase()} before '${take(reader).value}'.`);
  }
  reader.at += 1;
}

function readField(reader: Reader): Field {
  const name = take(reader).value;
  const field = fieldNames[name.toLowerCase()];
  if (!field) throw new JqlError(`Field '${name}' does not exist or you do not have permission to view it.`);
  return field;
}

function readClause(reader: Reader): Clause {
  const field = readField(reader);
  const operator = readOperator(reader);
  const isList = operator === 'in' || operator === 'not in';
  return { field, operator, values: isList ? readList(reader) : [take(reader).value] };
}

function readOperator(reader: Reader): Operator {
  const text = take(reader).value.toLowerCase();
  if (text === 'not') {
    expectWord(reader, 'in');
    return 'not in';
  }
  if (!['=', '!=', '>', '>=', '<', '<=', 'in'].includes(text)) {
    throw new JqlError(`Error in the JQL Query: '${text}' is no operator here.`);
  }
  return text as Operator;
}

function readList(reader: Reader): string[] {
  if (take(reader).value !== '(') throw new JqlError("Error in the JQL Query: expected '(' after IN.");
  const values = [take(reader).value];
  for (let sign = take(reader).value; sign !== ')'; sign = take(reader).value) {
    if (sign !== ',') throw new JqlError(`Error in the JQL Query: expected ',' but got '${sign}'.`);
    values.push(take(reader).value);
  }
  return values;
}

function readOrder(reader: Reader): Order[] {
  expectWord(reader, 'order');
  expectWord(reader, 'by');
  const order: Order[] = [];
  do {
    const field = readField(reader);
    const descending = isWord(reader, 'desc');
    if (descending || isWord(reader, 'asc')) reader.at += 1;
    order.push({ field, descending });
  } while (!done(reader) && take(reader).value === ',');
  return order;
}
