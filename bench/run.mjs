/** `npm run bench` runs every benchmark in short form; `npm run bench -- NAME` one of them in full. Each prints its figures as ratios against a reference of the same run. */
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { printSummary } from './summary/print-summary.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.mjs') && file !== 'run.mjs')
  .map((file) => file.slice(0, -'.mjs'.length))
  .sort();
const [wanted, ...rest] = process.argv.slice(2);

if (wanted !== undefined && !names.includes(wanted)) {
  console.error(`There is no benchmark ${wanted}. Choose one of: ${names.join(', ')}`);
  process.exit(2);
}

execFileSync('npm', ['run', '--silent', 'build'], { cwd: `${folder}..`, stdio: 'inherit' });
console.log(
  `node ${process.version}, ${process.platform} ${process.arch}, ${(await import('node:os')).availableParallelism()} cores`,
);
const benchmarks = [];
for (const name of wanted === undefined ? names : [wanted]) {
  console.log(`\n# ${name}${wanted === undefined ? ' (short)' : ''}`);
  benchmarks.push(await measure(name, wanted === undefined ? ['--short'] : rest));
}
console.log(
  '\nAims hold for full runs on a machine that does nothing else; ratios are to the reference of the same run.',
);
printSummary(benchmarks);
process.exit(benchmarks.some((benchmark) => benchmark.failed) ? 1 : 0);

/** In a process of its own, so that one benchmark's memory and threads do not colour the next. */
async function measure(name, options) {
  const started = performance.now();
  const figures = [];
  const child = fork(`${folder}${name}.mjs`, options);
  child.on('message', (message) => message.figure !== undefined && figures.push(message.figure));
  const [code] = await once(child, 'close');
  if (code !== 0) console.log(`${name} failed`);
  return { name, figures, seconds: (performance.now() - started) / 1000, failed: code !== 0 };
}
