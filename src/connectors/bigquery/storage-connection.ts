/**
 * A connection to the Storage Read API by gRPC's own client. Google's package around that client takes longer to load than a small table to read, for the two calls that are made here;
 * and it turns each answer into objects, up to 32 of them for each stream, which may be a gigabyte.
 */
import { ChannelCredentials, Client, Metadata } from '@grpc/grpc-js';
import type { SourceContext } from '../source-context.ts';
import { signedHeaders } from './credentials.ts';
import { storageAddress } from './endpoint.ts';
import type { Settings } from './settings.ts';

export interface StorageConnection {
  client: Client;
  /** What goes in front of a call: who we are, and the field of the request by which the service finds its way. */
  metadata(field: string, value: string): Promise<Metadata>;
  close(): void;
}

const service = 'bigquerystorage.googleapis.com';

/** What may be under way on a connection and on each of its streams. The usual 64 kB allow 64 kB for each round trip, whatever the line could carry. */
const windowBytes = 4 << 20;

export function connect(context: Pick<SourceContext<Settings>, 'settings' | 'secret'>): StorageConnection {
  const { host, port, plaintext } = storageAddress(context.settings.storage_endpoint ?? service);
  const credentials = plaintext ? ChannelCredentials.createInsecure() : ChannelCredentials.createSsl();
  const client = new Client(`${host}:${port}`, credentials, {
    'grpc.max_receive_message_length': -1,
    'grpc-node.flow_control_window': windowBytes,
  });
  const sign = plaintext ? null : signedHeaders(context, `https://${host}/`);
  return {
    client,
    metadata: async (field, value) => {
      const metadata = new Metadata();
      for (const [name, header] of (await sign?.()) ?? []) metadata.set(name, header);
      metadata.set('x-goog-request-params', `${field}=${encodeURIComponent(value)}`);
      return metadata;
    },
    close: () => client.close(),
  };
}
