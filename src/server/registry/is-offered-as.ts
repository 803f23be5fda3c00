/** Whether a registered table is the one that a source offers under a name. */
import type { Connector, DiscoveredTable } from '../../connectors/connector.ts';

type Place = Pick<DiscoveredTable, 'bucket' | 'source_table'>;

/** Without a bucket and without a default of its type, a table may be any of that name. */
export function isOfferedAs(registered: Place, offered: Place, connector: Pick<Connector, 'defaultBucket'>): boolean {
  const bucket = registered.bucket ?? connector.defaultBucket ?? offered.bucket;
  return registered.source_table === offered.source_table && bucket === offered.bucket;
}
