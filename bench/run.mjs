/** `npm run bench` runs every benchmark in short form; `npm run bench -- NAME` one of them in full. Each prints its figures as ratios against a reference of the same run. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

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
let failed = 0;
for (const name of wanted === undefined ? names : [wanted]) {
  console.log(`\n# ${name}${wanted === undefined ? ' (short)' : ''}`);
  try {
    // A process of its own, so that one benchmark's memory and threads do not colour the next.
    execFileSync(process.execPath, [`${folder}${name}.mjs`, ...(wanted === undefined ? ['--short'] : rest)], {
      stdio: 'inherit',
    });
  } catch {
    failed += 1;
    console.log(`${name} failed`);
  }
}
process.exit(failed === 0 ? 0 : 1);
