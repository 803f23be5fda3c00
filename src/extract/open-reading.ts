/** Opens one consistent look at a source, whichever way its connector brings data. */
import type { Connector } from '../connectors/connector.ts';
import type { ReadSession } from '../connectors/read-way.ts';
import { openAttachedSession } from './attach-session.ts';
import type { Run } from './run.ts';
import type { ExtractRequest } from './shapes.ts';
import { sourceContext } from './source-context.ts';
import { stateOf } from './table-state.ts';

/** What a look at a source needs of a run. */
export type Looking = Pick<Run, 'scratch' | 'database' | 'published' | 'signal' | 'emit'> & {
  request: Pick<ExtractRequest, 'source' | 'secrets' | 'duckdb' | 'dataDirectory'>;
};

export function openReading(connector: Connector, look: Looking): Promise<ReadSession> {
  const context = {
    ...sourceContext(connector, look.request, look.signal),
    scratch: look.scratch,
    extensionDirectories: look.request.duckdb.extensionDirectories,
    session: () => look.database.connect(),
    remembered: [...look.published.tables.values()].flatMap(({ record }) => stateOf(record)?.remembered ?? []),
    note: (message: string) => look.emit({ kind: 'note', message }),
  };
  return connector.read === undefined ? openAttachedSession(connector, context) : connector.read(context);
}
