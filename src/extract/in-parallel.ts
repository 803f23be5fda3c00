/** Works on the pieces of a table side by side, as many at once as the connector allows; the first failure stops the others and is thrown once all have stopped. */
import pLimit from 'p-limit';
import type { Run } from './run.ts';

export async function inParallel<In, Out>(
  run: Run,
  items: readonly In[],
  work: (item: In, signal: AbortSignal) => Promise<Out>,
): Promise<Out[]> {
  const slot = pLimit(run.connector.parallel?.pieces ?? 2);
  const stop = new AbortController();
  const signal = AbortSignal.any([run.signal, stop.signal]);
  const settled = await Promise.allSettled(
    items.map((item) =>
      slot(async () => {
        signal.throwIfAborted();
        try {
          return await work(item, signal);
        } catch (thrown) {
          stop.abort(thrown);
          throw thrown;
        }
      }),
    ),
  );
  if (stop.signal.aborted) throw stop.signal.reason;
  return settled.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
