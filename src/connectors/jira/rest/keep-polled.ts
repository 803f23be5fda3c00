/** What the site told when it was asked goes into the inbox like any event. */
import type { PollReport, PollWork } from '../../receive-way.ts';
import type { Polled } from '../interpret-polled.ts';
import { textAt } from '../json.ts';

export async function keepPolled(work: PollWork, found: Polled, report: PollReport): Promise<void> {
  const name = found.kind === 'issue' ? 'rest_snapshot' : `rest_${found.kind}`;
  await work.keep(Buffer.from(JSON.stringify(found)), { identifier: identifierOf(found), name, occurredAt: found.at });
  report.kept += 1;
}

function identifierOf(found: Polled): string | null {
  if (found.kind === 'remote_links') return null;
  return found.kind === 'issue' ? textAt(found.issue, 'key') : found.table;
}
