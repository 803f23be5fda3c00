/** Extractions and questions as `extractSource` and `askConnector` give them, in the test's own process, which starts at once: for what has nothing to do with processes. */
import { performTask } from '../../src/extract/perform-task.ts';
import type { ChildTask } from '../../src/extract/run-child.ts';
import type {
  ConnectorAnswer,
  ConnectorQuestion,
  ExtractEvent,
  ExtractReport,
  ExtractRequest,
} from '../../src/extract/shapes.ts';

interface Options {
  signal?: AbortSignal;
  onEvent?: (event: ExtractEvent) => void;
}

export function extractHere(request: ExtractRequest, options: Options = {}): Promise<ExtractReport> {
  return perform<ExtractReport>({ kind: 'extract', request }, options);
}

export function askHere<Q extends ConnectorQuestion>(
  request: Omit<ExtractRequest, 'runId' | 'tables' | 'full'>,
  question: Q,
  options: Options = {},
): Promise<ConnectorAnswer<Q>> {
  return perform<ConnectorAnswer<Q>>({ kind: 'ask', request, question }, options);
}

/** What goes in is a copy, as it is for a child. */
async function perform<Result>(task: ChildTask, { signal, onEvent }: Options): Promise<Result> {
  return (await performTask(
    structuredClone(task),
    signal ?? new AbortController().signal,
    onEvent ?? (() => {}),
  )) as Result;
}
