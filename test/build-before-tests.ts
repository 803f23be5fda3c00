/** Compiles `src` to `dist` once before the tests: the CLI and every child process run from there. */
import { execFileSync } from 'node:child_process';

export default function buildBeforeTests(): void {
  if (process.env.DA_TEST_SKIP_BUILD === '1') return;
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
}
