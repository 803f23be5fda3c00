/** Starts a script as a process that prints its address, and watches its memory. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

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
    residentMegabytes: () => memory(child.pid, 'VmRSS'),
    /** The most memory the process has held. */
    peakMegabytes: () => memory(child.pid, 'VmHWM'),
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

function memory(pid, field) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024);
}
