/** Starts a script as a process that prints its address, and watches its memory. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { memoryOf } from '../processes/process-usage.mjs';

export async function startProcess(script, ...args) {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [url] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error(`${script} ended before it listened`))),
  ]);
  return {
    url,
    startedAt,
    residentMegabytes: () => Math.round(memoryOf(child.pid).resident),
    /** The most memory the process has held. */
    peakMegabytes: () => Math.round(memoryOf(child.pid).peak),
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
