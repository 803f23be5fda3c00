/** The process of one pushed source; lets nothing secret out of it. */
import { fromErrorRecord, toErrorRecord } from '../errors/attache-error.ts';
import { redact } from '../errors/redact.ts';
import { serveParent } from '../process/serve-parent.ts';
import { runReceive } from './run-receive.ts';
import type { ReceiveEvent, ReceiveOrder, ReceiveTask } from './shapes.ts';
import { stepBack } from './step-back.ts';

stepBack();

await serveParent<ReceiveTask, ReceiveEvent>(async (task, signal, emit, listen) => {
  const secrets = Object.values(task.secrets);
  const clean = <T>(value: T): T =>
    JSON.parse(JSON.stringify(value), (_key, inner: unknown) =>
      typeof inner === 'string' ? redact(inner, secrets) : inner,
    ) as T;
  try {
    await runReceive(
      task,
      signal,
      (event) => void emit(clean(event)),
      (hear) => listen((message) => hear(message as ReceiveOrder)),
    );
  } catch (thrown) {
    throw fromErrorRecord(clean(toErrorRecord(thrown)));
  }
});
