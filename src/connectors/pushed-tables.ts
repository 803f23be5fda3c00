/** Which tables a source that pushes fills: those it tells of, and the two about the telling. */
import type { ReceiveWay } from './receive-way.ts';

export interface PushedTable {
  id: string;
  description: string;
  primary_key: string[];
}

export function pushedTables<Settings>(receive: ReceiveWay<Settings>, settings: Settings): PushedTable[] {
  const { events, progress } = receive.ownTables(settings);
  return [
    ...receive
      .tables(settings)
      .map(({ id, description, primary_key }) => ({ id, description, primary_key: [...primary_key] })),
    { id: events, description: 'Every event that was received.', primary_key: ['sequence'] },
    { id: progress, description: 'How far the source is.', primary_key: [] },
  ];
}
