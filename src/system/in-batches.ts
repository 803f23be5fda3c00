/** Many rows in few statements: a statement for each row costs the server more than all the rest of a run in which nothing changed. */

/** Values of one statement; PostgreSQL numbers them in 16 bits. */
const mostValues = 10_000;

/** Runs `work` with the `VALUES` list of each batch of rows, numbered from `$1`, and its values in that order. */
export async function inBatches<Value>(
  rows: readonly Value[][],
  work: (places: string, values: Value[]) => Promise<void>,
): Promise<void> {
  const width = rows[0]?.length ?? 1;
  const most = Math.max(1, Math.floor(mostValues / width));
  for (let from = 0; from < rows.length; from += most) {
    const batch = rows.slice(from, from + most);
    const places = batch.map((_, row) => `(${batch[0]!.map((_, index) => `$${row * width + index + 1}`).join(', ')})`);
    await work(places.join(', '), batch.flat());
  }
}
