/** S7: whoever opens connections and never says anything takes nothing from the others. */
import { execFileSync, fork, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { main } from '../helpers/run-da.ts';

const holder = fileURLToPath(new URL('./hold-connections.mjs', import.meta.url));
const secret = 'a shared secret';
/** Files a process may have open, some of which it needs for itself. */
const most = Number(execFileSync('bash', ['-c', 'ulimit -Hn']).toString().replace('unlimited', '1000000'));
const connections = Math.min(10_000, most - 500);

test(`${connections} open connections (the system lets a process have ${most} files) cost a few kilobytes each, and others are served`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'da-many-'));
  const config = join(directory, 'instance.yaml');
  await writeFile(
    config,
    `server: { port: 0 }\nsources:\n  told: { type: webhook, table: told, secret_env: TOLD, signature: hmac-sha256, key: [id], version: v, columns: { id: { path: id } } }\n`,
  );
  const command = `ulimit -n $(ulimit -Hn); exec "${process.execPath}" "${main}" serve --data-dir "${directory}/data" --config "${config}"`;
  const server = spawn('bash', ['-c', command], { env: { ...process.env, TOLD: secret, HOME: directory } });
  const ended = once(server, 'exit');
  try {
    const url = await addressOf(server);
    expect(await push(url, 1)).toBe(200);
    const before = residentBytes(server.pid!);
    const client = fork(holder, [new URL(url).port, String(connections)], { execArgv: [] });
    const [{ held }] = (await once(client, 'message')) as [{ held: number; refused: number }];
    expect(held).toBe(connections);
    for (let index = 2; index < 22; index += 1) expect(await push(url, index)).toBe(200);
    expect((residentBytes(server.pid!) - before) / connections).toBeLessThan(30_000);
    client.send('stop');
    await once(client, 'exit');
    expect(await push(url, 30)).toBe(200);
  } finally {
    server.kill('SIGTERM');
    await ended;
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}, 120_000);

async function addressOf({ stdout, stderr }: ReturnType<typeof spawn>): Promise<string> {
  let said = '';
  return new Promise((resolve) => {
    for (const stream of [stdout!, stderr!])
      stream.on('data', (data: Buffer) => {
        said += data.toString();
        const found = /listening on (http:\S+)/.exec(said);
        if (found?.[1] !== undefined) resolve(found[1]);
      });
  });
}

async function push(url: string, id: number): Promise<number> {
  const body = JSON.stringify({ id: String(id), v: id });
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  const { status } = await fetch(`${url}/webhooks/told`, {
    method: 'POST',
    body,
    headers: { 'x-signature': signature },
    signal: AbortSignal.timeout(10_000),
  });
  return status;
}

function residentBytes(pid: number): number {
  return 1_024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
