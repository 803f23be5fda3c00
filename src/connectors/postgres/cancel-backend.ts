/** Asks the server to cancel what a connection is doing, as the protocol has it: over a second connection that only says so. */
import { createConnection } from 'node:net';
import type pg from 'pg';
import type { Address } from './address.ts';

const cancelRequestCode = 80_877_102;
const giveUpAfterMs = 3_000;

/** Best effort: a server that cannot be reached notices the closed connection a little later by itself. */
export function cancelBackend(address: Pick<Address, 'host' | 'port'>, client: pg.Client): void {
  const { processID, secretKey } = client as unknown as { processID: number | null; secretKey: number | null };
  if (processID === null || secretKey === null) return;
  const request = Buffer.alloc(16);
  request.writeInt32BE(16, 0);
  request.writeInt32BE(cancelRequestCode, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  const socket = createConnection(
    address.host.startsWith('/')
      ? { path: `${address.host}/.s.PGSQL.${address.port}` }
      : { host: address.host, port: address.port },
  );
  socket.setTimeout(giveUpAfterMs, () => socket.destroy());
  socket.on('error', () => {});
  socket.on('connect', () => socket.end(request));
}
