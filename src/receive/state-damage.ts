/** Whether a failure says that a database file itself is damaged, rather than its surroundings. */

const words =
  /Corrupt database file|not a valid DuckDB database file|Could not read enough bytes|Serialization Error|storage version|INTERNAL Error|it is a folder/i;

export function isDamage(thrown: unknown): boolean {
  return thrown instanceof Error && words.test(thrown.message);
}
