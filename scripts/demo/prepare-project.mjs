/** Installs the packages when they are missing and compiles the project. Uses Node's own modules only. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { say } from './say.mjs';

export function prepareProject() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Error(`Node ${process.versions.node} is too old: 20.19 or newer is needed. See https://nodejs.org.`);
  }
  if (existsSync('node_modules/.package-lock.json')) say('packages are here');
  else run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  run('npm', ['run', '--silent', 'build']);
}

function run(program, args) {
  say(`$ ${program} ${args.join(' ')}`);
  const { status, error } = spawnSync(program, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`\`${program} ${args.join(' ')}\` ended with ${status}.`);
}
