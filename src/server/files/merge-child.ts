/** The child that merges the parts of one table. */
import { serveParent } from '../../process/serve-parent.ts';
import { mergeParts } from '../../publish/merge-parts.ts';
import type { MergeTask } from './merged-files.ts';

await serveParent<MergeTask>(async (task) => {
  await mergeParts(task.files, task.rows, task.target, {
    memoryLimit: task.memoryLimit,
    threads: 1,
    tempDirectory: task.spill,
  });
  return null;
});
