/** Quoting of identifiers and text for the DuckDB behind the double. */

export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
