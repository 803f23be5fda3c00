/** Walks over tokens; refuses what is not expected in the words of the service. */
import { invalidQuery } from '../rest/service-error.ts';
import { lex, type Token } from './lex.ts';

export class TokenReader {
  private readonly tokens: Token[];
  private position = 0;
  private readonly sql: string;
  /** How many positional parameters were met so far. */
  positional = 0;

  constructor(sql: string) {
    this.sql = sql;
    this.tokens = lex(sql);
  }

  peek(ahead = 0): Token {
    return this.tokens[Math.min(this.position + ahead, this.tokens.length - 1)]!;
  }

  next(): Token {
    const token = this.peek();
    this.position++;
    return token;
  }

  isWord(...words: string[]): boolean {
    return words.every((word, i) => this.peek(i).kind === 'word' && this.peek(i).text.toUpperCase() === word);
  }

  isSign(sign: string, ahead = 0): boolean {
    return this.peek(ahead).kind === 'sign' && this.peek(ahead).text === sign;
  }

  acceptWord(...words: string[]): boolean {
    if (!this.isWord(...words)) return false;
    this.position += words.length;
    return true;
  }

  acceptSign(sign: string): boolean {
    if (!this.isSign(sign)) return false;
    this.position++;
    return true;
  }

  expectWord(...words: string[]): void {
    if (!this.acceptWord(...words)) this.refuse(`Expected keyword ${words.join(' ')} but got`);
  }

  expectSign(sign: string): void {
    if (!this.acceptSign(sign)) this.refuse(`Expected "${sign}" but got`);
  }

  /** A name, bare or in backticks. */
  name(): string {
    const token = this.peek();
    if (token.kind !== 'word' && token.kind !== 'quoted') this.refuse('Expected identifier but got');
    return this.next().text;
  }

  refuse(what: string): never {
    const token = this.peek();
    const got = token.kind === 'end' ? 'end of statement' : `"${token.text}"`;
    throw invalidQuery(`Syntax error: ${what} ${got} at ${this.place(token.at)}`);
  }

  place(at: number): string {
    const before = this.sql.slice(0, at).split('\n');
    return `[${before.length}:${(before.at(-1) ?? '').length + 1}]`;
  }
}
