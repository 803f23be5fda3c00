/** The child that reads one foreign extract. */
import { serveParent } from '../process/serve-parent.ts';
import type { ForeignEvent, ForeignTask } from './foreign-task.ts';
import { readForeign } from './read-foreign.ts';

await serveParent<ForeignTask, ForeignEvent>((task, _signal, emit) => readForeign(task, emit));
