/** Everything that talks to one stack for one question or one run. */
import pLimit, { type LimitFunction } from 'p-limit';
import type { SourceContext } from '../source-context.ts';
import { StorageClient } from './api/storage-client.ts';
import { openTransport, type Transport } from './api/transport.ts';
import { type Endpoints, endpointsOf } from './clouds/open-store.ts';
import type { Settings } from './settings.ts';

export interface Connection {
  settings: Settings;
  client: StorageClient;
  transport: Transport;
  endpoints: Endpoints;
  signal: AbortSignal;
  /** Slots for slices under way, for all tables together. */
  downloads: LimitFunction;
}

export function connect({
  settings,
  secret,
  endpoints: environment = {},
  signal,
}: SourceContext<Settings>): Connection {
  const endpoints = endpointsOf(environment);
  const trusted = [endpoints.s3, endpoints.gcs].filter((address) => address !== null);
  const transport = openTransport(
    settings.url,
    settings.limits.idle_timeout_seconds * 1000,
    trusted,
    settings.limits.downloads,
  );
  return {
    settings,
    client: new StorageClient(settings, secret(settings.token_env), transport, signal),
    transport,
    endpoints,
    signal,
    downloads: pLimit(settings.limits.downloads),
  };
}

/** Asks one question over a connection of its own. */
export async function withConnection<Answer>(
  context: SourceContext<Settings>,
  work: (connection: Connection) => Promise<Answer>,
): Promise<Answer> {
  const connection = connect(context);
  try {
    return await work(connection);
  } finally {
    await connection.transport.close();
  }
}
