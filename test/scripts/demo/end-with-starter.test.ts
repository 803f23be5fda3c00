import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../helpers/extracts.ts';

const repository = new URL('../../../', import.meta.url);
const endWithStarter = new URL('scripts/demo/end-with-starter.mjs', repository).href;
const main = fileURLToPath(new URL('dist/cli/main.js', repository));

test('the server of the demo stops cleanly when whoever started it has gone', async () => {
  await using home = await temporaryFolder();
  const args = ['--import', endWithStarter, main, 'serve', '--port', '0', '--data-dir', home.directory];
  const server = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'], cwd: home.directory });
  const ended = once(server, 'close');
  const [line] = await once(server.stdout, 'data');
  expect(String(line)).toMatch(/^listening on/);
  // What the system does with the demo's end of the pipe when the demo is killed.
  server.stdin.destroy();
  expect(await ended).toEqual([0, null]);
});
