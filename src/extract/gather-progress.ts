/** Progress as people can follow it: the bytes of many small messages are told together, a few times a second. */
import type { ExtractEvent } from './shapes.ts';

const everyMs = 200;

type Progress = Extract<ExtractEvent, { kind: 'table_progress' }>;

/** Hands every event on; progress is summed by table and told before anything else is said of the table. */
export function gatherProgress(onEvent: (event: ExtractEvent) => void): (event: ExtractEvent) => void {
  const gathered = new Map<string, Progress>();
  let timer: NodeJS.Timeout | undefined;
  const tell = () => {
    clearTimeout(timer);
    timer = undefined;
    for (const progress of gathered.values()) onEvent(progress);
    gathered.clear();
  };
  return (event) => {
    if (event.kind !== 'table_progress') {
      tell();
      onEvent(event);
      return;
    }
    const before = gathered.get(event.table);
    gathered.set(event.table, {
      ...event,
      bytes: event.bytes + (before?.bytes ?? 0),
      rows: event.rows + (before?.rows ?? 0),
    });
    // It keeps no process alive that has nothing else to do.
    timer ??= setTimeout(tell, everyMs).unref();
  };
}
