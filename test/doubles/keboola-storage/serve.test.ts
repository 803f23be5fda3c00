import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('./serve.mjs', import.meta.url));

function serve() {
  const rows = { sql: 'SELECT i, i * 2 FROM range(1000) r(i)' };
  const spec = {
    options: { fileProvider: 'gcp' },
    tables: [{ id: 'in.c-main.numbers', columns: ['n', 'twice'], rows }],
  };
  const child = spawn(process.execPath, [program, JSON.stringify(spec)], { stdio: ['pipe', 'pipe', 'pipe'] });
  return { child, lines: createInterface({ input: child.stdout }) };
}

it('runs under plain Node as a process of its own and ends with its stdin', async () => {
  const { child, lines } = serve();
  const [line] = (await once(lines, 'line')) as [string];
  const { url, tokens, environment } = JSON.parse(line);
  expect(environment.STORAGE_EMULATOR_HOST).toMatch(/^http:\/\/127/);
  const detail = await fetch(`${url}/v2/storage/tables/in.c-main.numbers`, {
    headers: { 'x-storageapi-token': tokens.master },
  });
  expect(await detail.json()).toMatchObject({ rowsCount: 1000 });
  child.stdin.end();
  expect(await once(child, 'exit')).toEqual([0, null]);
});

it('exits with 1 and says why when the client broke the protocol', async () => {
  const { child, lines } = serve();
  const [line] = (await once(lines, 'line')) as [string];
  await fetch(`${JSON.parse(line).url}/v2/storage/tokens/verify`);
  child.stdin.end();
  const [[code], [said]] = await Promise.all([once(child, 'exit'), once(child.stderr, 'data')]);
  expect([code, String(said)]).toEqual([1, expect.stringContaining('missing-token')]);
});
