/** Which type a DuckDB type becomes so that Parquet keeps every value; the writer would change some without a word. */

/** By type name: what is published instead. Nested types are rewritten inside. */
const replacements: Record<string, string> = {
  // The writer drops the offset.
  'TIME WITH TIME ZONE': 'VARCHAR',
  // The writer keeps milliseconds only.
  INTERVAL: 'VARCHAR',
  // A union comes back as a struct with a tag; its text is what people expect.
  UNION: 'VARCHAR',
  // The writer turns these into the same, but says it only in the file.
  BIT: 'VARCHAR',
  BIGNUM: 'VARCHAR',
  TIME_NS: 'VARCHAR',
  TIMESTAMP_S: 'TIMESTAMP',
  TIMESTAMP_MS: 'TIMESTAMP',
  ENUM: 'VARCHAR',
  GEOMETRY: 'VARCHAR',
  VARIANT: 'VARCHAR',
};

/** `type` as Parquet can keep it; equal to `type` when nothing would change. `wide` replaces the integers of 128 bits, of which the writer would make DOUBLE. */
export function keepableType(type: string, wide: 'DECIMAL(38,0)' | 'VARCHAR' = 'DECIMAL(38,0)'): string {
  const text = new TypeText(type, { ...replacements, HUGEINT: wide, UHUGEINT: wide });
  const kept = text.readType();
  return text.ended ? kept : type;
}

const quoted = /"(?:[^"]|"")*"|'(?:[^']|'')*'/.source;
const typeName = /TIMESTAMP WITH TIME ZONE|TIME WITH TIME ZONE|[A-Za-z_][A-Za-z_0-9]*/y;
// A field may be called HUGEINT, and DuckDB prints that without quotes: what stands first in a field is its name.
const fieldName = new RegExp(`(?:${quoted}|[^\\s,()[\\]]+) `, 'y');
const argumentText = new RegExp(`(?:${quoted}|[^()'"])+`, 'y');

/** The text of a type, read from left to right. */
class TypeText {
  private readonly text: string;
  private readonly replaced: Record<string, string>;
  private at = 0;

  constructor(text: string, replaced: Record<string, string>) {
    this.text = text;
    this.replaced = replaced;
  }

  get ended(): boolean {
    return this.at === this.text.length;
  }

  readType(): string {
    const name = this.take(typeName);
    const inner = this.readArguments(name);
    const kept = this.replaced[name] ?? `${name}${inner}`;
    // Arrays of a fixed length come back from Parquet as lists.
    return kept + '[]'.repeat((this.take(/(?:\[\d*\])*/y).match(/\[/g) ?? []).length);
  }

  private readArguments(name: string): string {
    if (this.take(/\(/y) === '') return '';
    if (name !== 'STRUCT' && name !== 'MAP') {
      const inner = this.readBalanced();
      return `(${inner})`;
    }
    const parts: string[] = [];
    do {
      const field = name === 'STRUCT' ? this.take(fieldName) : '';
      parts.push(field + this.readType());
    } while (this.take(/, ?/y) !== '');
    this.take(/\)/y);
    return `(${parts.join(', ')})`;
  }

  /** Up to the parenthesis that closes the one just read. */
  private readBalanced(): string {
    let inner = this.take(argumentText);
    while (this.take(/\(/y) !== '') inner += `(${this.readBalanced()})${this.take(argumentText)}`;
    this.take(/\)/y);
    return inner;
  }

  private take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    return found;
  }
}
