/** Folders that DuckDB files can lie in. */

/** Why DuckDB files cannot lie in a folder, or null: DuckDB takes what follows a question mark for an option of its own. */
export function databasePathFault(directory: string): string | null {
  if (!directory.includes('?')) return null;
  return `the path ${directory} has a question mark in it, which DuckDB cannot open; choose another folder`;
}
