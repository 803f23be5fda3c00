/** Addresses at which a stack cannot be reached, each in its own way. */
import { type AddressInfo, createServer } from 'node:net';

export interface Unreachable {
  /** Nobody listens there. */
  refused: string;
  /** The name does not resolve. */
  unknownHost: string;
  /** Something listens there that does not speak TLS. */
  notTls: string;
}

export async function findUnreachable(plainUrl: string): Promise<Unreachable> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return {
    refused: `http://127.0.0.1:${port}`,
    unknownHost: 'https://connection.keboola-double.invalid',
    notTls: plainUrl.replace('http:', 'https:'),
  };
}
