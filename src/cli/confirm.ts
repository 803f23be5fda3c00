/** Has a person type the name of what is about to go. */
import { createInterface } from 'node:readline/promises';
import { AttacheError } from '../errors/attache-error.ts';

/** Without a terminal nobody is asked: the name stands in the command already. */
export async function confirmByName(warning: string, name: string): Promise<void> {
  if (!process.stdin.isTTY) return;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${warning} Type its name to go on: `);
    if (answer.trim() === name) return;
  } finally {
    lines.close();
  }
  throw new AttacheError('cancelled', { message: 'Nothing was removed.' });
}
