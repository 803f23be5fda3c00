/** The extraction child: performs the one task its parent hands over. */
import { serveParent } from '../process/serve-parent.ts';
import { performTask } from './perform-task.ts';
import type { ChildTask } from './run-child.ts';
import type { ExtractEvent } from './shapes.ts';
import { connectorOf } from './source-context.ts';

await serveParent<ChildTask, ExtractEvent>(performTask, {
  endsWork: async ({ request }) => (await connectorOf(request.source)).tidy !== undefined,
});
