/** Sources that push name their tables themselves, and a table belongs to one source: two that would fill the same are told apart before either starts. */
import { loadConnector } from '../connectors/catalogue.ts';
import { pushedTables } from '../connectors/pushed-tables.ts';
import type { SettingFault } from './explain-issue.ts';
import type { SourceConfig } from './shapes.ts';

/** One fault for each source that names a table of an earlier one. The settings are checked already. */
export async function tableClashes(sources: Iterable<SourceConfig>): Promise<SettingFault[]> {
  const owners = new Map<string, string>();
  const faults: SettingFault[] = [];
  for (const { name, type, settings } of sources) {
    const { receive } = await loadConnector(type);
    if (receive === undefined) continue;
    const ids = pushedTables(receive, settings).map(({ id }) => id);
    const taken = ids.filter((id) => owners.has(id));
    if (taken.length > 0) faults.push({ path: ['sources', name], message: clash(taken, owners.get(taken[0]!)!) });
    for (const id of ids) owners.set(id, owners.get(id) ?? name);
  }
  return faults;
}

function clash([first, ...more]: string[], owner: string): string {
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  return `its table ${first}${others} would be the table of the source ${owner} too; give its tables other names, e.g. by prefix`;
}
