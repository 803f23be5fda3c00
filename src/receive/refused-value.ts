/** Whether DuckDB failed on what an event holds, rather than on its surroundings: trying the same again fails the same way. */

const words = /^(?:Invalid Input|Conversion|Out of Range) Error/;

export function isRefusedValue(thrown: unknown): boolean {
  return thrown instanceof Error && words.test(thrown.message);
}
