/** Runs the compiled `da` in a child process with an environment of its own. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** A home with nothing in it, so that no login of this machine matters. */
const emptyHome = mkdtempSync(join(tmpdir(), 'da-home-'));

interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
  stdin?: string;
}

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export function startDa(args: string[], options: RunOptions = {}): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [main, ...args], {
    cwd: options.cwd ?? emptyHome,
    env: { PATH: process.env.PATH, HOME: emptyHome, ...options.env },
  });
}

export function finish(child: ChildProcessWithoutNullStreams): Promise<Finished> {
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr })));
}

export async function da(args: string[], options: RunOptions = {}): Promise<Finished> {
  const child = startDa(args, options);
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  return finish(child);
}
