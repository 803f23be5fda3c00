/** The process behind the door lets others go first, with every thread it has. */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const module = fileURLToPath(new URL('../../dist/receive/step-back.js', import.meta.url));

/** A process whose pool of threads is at work before it steps back; prints the niceness of all its threads. */
const program = `
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
await readFile(process.execPath);
const { stepBack } = await import(${JSON.stringify(module)});
stepBack();
const niceness = (thread) => Number(readFileSync('/proc/self/task/' + thread + '/stat', 'utf8').split(') ')[1].split(' ')[16]);
console.log(JSON.stringify(readdirSync('/proc/self/task').map(niceness)));
`;

test.runIf(process.platform === 'linux')('threads that were there before yield like the rest', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  const told: number[] = JSON.parse(stdout);
  expect(told.length).toBeGreaterThan(4);
  expect(new Set(told)).toEqual(new Set([Math.max(...told)]));
  expect(told[0]).toBeGreaterThan(0);
});

const sharesBySession = existsSync('/proc/self/autogroup');

test.runIf(sharesBySession)(
  'where each session of processes has a share of its own, its share yields too',
  async () => {
    const told = `
    const { readFileSync } = await import('node:fs');
    const { stepBack } = await import(${JSON.stringify(module)});
    stepBack();
    console.log(readFileSync('/proc/self/autogroup', 'utf8'));
  `;
    // In a session of its own, as the children of the server are.
    const child = spawn(process.execPath, ['--input-type=module', '--eval', told], { detached: true });
    const said = await text(child.stdout);
    expect(Number(/nice (-?\d+)/.exec(said)?.[1])).toBeGreaterThan(0);
  },
);
