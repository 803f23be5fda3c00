import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startTestPostgres } from '../helpers/postgres-server.ts';

const module = fileURLToPath(new URL('../../scripts/embedded-postgres.mjs', import.meta.url));

async function answers(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1');
  const open = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return open;
}

it('runs PostgreSQL 18 and leaves neither a process nor a file when stopped', async () => {
  const server = await startTestPostgres();
  const [version] = await server.rows<{ server_version: string }>('SHOW server_version');
  expect(version?.server_version).toMatch(/^18\./);
  await server.stop();
  expect(await answers(server.port)).toBe(false);
  expect(existsSync(server.directory)).toBe(false);
});

it('ends with the process that started it, even when that is killed', async () => {
  const script = `import { startPostgres } from ${JSON.stringify(module)};
    const { port, directory } = await startPostgres();
    console.log(JSON.stringify({ port, directory }));
    setInterval(() => {}, 1000);`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(starter.stdout, 'data')) as [Buffer];
  const { port, directory } = JSON.parse(line.toString()) as { port: number; directory: string };
  expect(await answers(port)).toBe(true);
  starter.kill('SIGKILL');
  for (let wait = 0; wait < 200 && existsSync(directory); wait++) await sleep(50);
  expect(await answers(port)).toBe(false);
  expect(existsSync(directory)).toBe(false);
});
