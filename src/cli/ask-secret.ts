/** Asks a person for a secret without showing it. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

export async function askSecret(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await new Promise<string>((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(''));
      // Raw mode takes Ctrl-C away from the process; it still has to stop.
      lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
