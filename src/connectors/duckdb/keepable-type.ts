/** Which type a DuckDB type becomes so that Parquet keeps every value; the writer would change some without a word. */

/** By type name: what is published instead. Nested types are rewritten inside. */
const replacements: Record<string, string> = {
  // The writer makes these DOUBLE.
  HUGEINT: 'DECIMAL(38,0)',
  UHUGEINT: 'VARCHAR',
  // The writer drops the offset.
  'TIME WITH TIME ZONE': 'VARCHAR',
  // The writer keeps milliseconds only.
  INTERVAL: 'VARCHAR',
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

const quoted = /"(?:[^"]|"")*"|'(?:[^']|'')*'/;
const token = new RegExp(
  [
    quoted.source,
    // Types with arguments that go as a whole; quotes inside may hold parentheses.
    `(?:ENUM|GEOMETRY)(?:\\((?:${quoted.source}|[^)'"])*\\))?`,
    'TIMESTAMP WITH TIME ZONE|TIME WITH TIME ZONE|[A-Z_]+',
    // Arrays of a fixed length come back from Parquet as lists.
    '\\[\\d+\\]',
  ].join('|'),
  'g',
);

/** `type` as Parquet can keep it; equal to `type` when nothing would change. */
export function keepableType(type: string): string {
  // A union inside would come back as a struct with a tag; its text is what people expect.
  if (/\bUNION\(/.test(type.replace(new RegExp(quoted, 'g'), ''))) return 'VARCHAR';
  return type.replace(token, (found) => {
    if (found.startsWith('"') || found.startsWith("'")) return found;
    if (found.startsWith('[')) return '[]';
    return replacements[found.replace(/\(.*$/s, '')] ?? found;
  });
}
