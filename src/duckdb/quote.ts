/** The only place that turns names and values into SQL text. */

/** An identifier, quoted: `weird"name` becomes `"weird""name"`. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A dotted name of quoted identifiers: `qualified('crm', 'orders')` becomes `"crm"."orders"`. */
export function qualified(...names: string[]): string {
  return names.map(identifier).join('.');
}

/** A text literal. NUL cannot stand in SQL text and is refused. */
export function literal(text: string): string {
  if (text.includes('\0')) throw new RangeError('a NUL character cannot stand in SQL text');
  return `'${text.replaceAll("'", "''")}'`;
}

/** The path of exactly one file, for DuckDB's readers, which take `a[1].csv` for a pattern that means `a1.csv`. */
export function fileLiteral(path: string): string {
  return literal(filePattern(path));
}

/** The pattern that matches `path` and nothing else. */
export function filePattern(path: string): string {
  return path.replace(/[[*?]/g, (character) => `[${character}]`);
}

/** A list literal of texts: `['a', 'b']`. */
export function literalList(texts: readonly string[]): string {
  return `[${texts.map(literal).join(', ')}]`;
}

/** A struct literal of SQL expressions: `{"a": 'VARCHAR'}`. */
export function structLiteral(fields: readonly (readonly [name: string, sql: string])[]): string {
  return `{${fields.map(([name, sql]) => `${identifier(name)}: ${sql}`).join(', ')}}`;
}
