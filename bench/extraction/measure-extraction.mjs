/** Runs an extraction as the server does and says what it took. */
import { extractSource } from '../../dist/extract/extract-source.js';
import { childThatRuns, cpuSecondsOfEnded, memoryOf } from '../processes/process-usage.mjs';

/** Seconds by the clock and of the processor, and the most memory of the extraction's child; throws when a table did not end in one of `statuses`. */
export async function measureExtraction(request, { statuses = ['succeeded'], ...options } = {}) {
  let peakMegabytes = 0;
  const watch = setInterval(() => {
    const child = childThatRuns('extract/child.js');
    if (child !== undefined) peakMegabytes = Math.max(peakMegabytes, memoryOf(child).peak);
  }, 50);
  const [started, cpu] = [performance.now(), cpuSecondsOfEnded()];
  const report = await extractSource(request, options);
  const seconds = (performance.now() - started) / 1000;
  clearInterval(watch);
  const bad = report.tables.find(({ status }) => !statuses.includes(status));
  if (bad !== undefined) throw new Error(`${bad.id} ended as ${bad.status}: ${bad.error?.message}`);
  return { seconds, cpuSeconds: cpuSecondsOfEnded() - cpu, peakMegabytes, report };
}
