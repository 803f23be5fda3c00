/** Words, names, literals and signs of GoogleSQL. */
import { invalidQuery } from '../rest/service-error.ts';

type TokenKind = 'word' | 'quoted' | 'number' | 'string' | 'bytes' | 'parameter' | 'sign' | 'end';

export interface Token {
  kind: TokenKind;
  text: string;
  at: number;
}

const signs = ['<>', '!=', '<=', '>=', '||', '<', '>', '=', '+', '-', '*', '/', '(', ')', ',', '.', '[', ']', ';'];

export function lex(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const rest = sql.slice(at);
    const blank = /^(?:\s+|--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/)/.exec(rest);
    if (blank) {
      at += blank[0].length;
      continue;
    }
    const [token, length] = nextToken(rest, at);
    tokens.push(token);
    at += length;
  }
  tokens.push({ kind: 'end', text: '', at });
  return tokens;
}

function nextToken(rest: string, at: number): [Token, number] {
  const string = /^([rRbB]{0,2})("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/.exec(rest);
  if (string) {
    const prefix = (string[1] ?? '').toLowerCase();
    const body = stripQuotes(string[2] ?? '');
    const text = prefix.includes('r') ? body : decodeEscapes(body);
    return [{ kind: prefix.includes('b') ? 'bytes' : 'string', text, at }, string[0].length];
  }
  const quoted = /^`([^`]+)`/.exec(rest);
  if (quoted) return [{ kind: 'quoted', text: quoted[1] ?? '', at }, quoted[0].length];
  const parameter = /^(?:@([A-Za-z_]\w*)|\?)/.exec(rest);
  if (parameter) return [{ kind: 'parameter', text: parameter[1] ?? '?', at }, parameter[0].length];
  const number = /^(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/.exec(rest);
  if (number) return [{ kind: 'number', text: number[0], at }, number[0].length];
  const word = /^[A-Za-z_]\w*/.exec(rest);
  if (word) return [{ kind: 'word', text: word[0], at }, word[0].length];
  const sign = signs.find((s) => rest.startsWith(s));
  if (sign) return [{ kind: 'sign', text: sign, at }, sign.length];
  throw invalidQuery(`Syntax error: Illegal input character "${rest[0]}" at offset ${at}`);
}

function stripQuotes(quoted: string): string {
  const triple = quoted.startsWith('"""') || quoted.startsWith("'''");
  return triple ? quoted.slice(3, -3) : quoted.slice(1, -1);
}

const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', a: '\x07', v: '\v' };

function decodeEscapes(body: string): string {
  return body.replace(/\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[0-7]{3}|[\s\S])/g, (_, code: string) => {
    if (/^[uUx]./.test(code)) return String.fromCodePoint(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]{3}$/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8));
    return escapes[code] ?? code;
  });
}
