/** Which sources read faster with an extension. */
import type { SourceConfig } from '../config/shapes.ts';
import { loadConnector } from '../connectors/catalogue.ts';
import { extensionFileName } from '../duckdb/extension-names.ts';

/** Names of sources by the file name of the extension they would use. */
export async function extensionUsers(sources: Iterable<SourceConfig>): Promise<Map<string, string[]>> {
  const users = new Map<string, string[]>();
  for (const source of sources) {
    const connector = await loadConnector(source.type);
    const extension = connector.accelerator?.wanted(source.settings) ? connector.accelerator.extension : null;
    const name = extension ?? connector.attach?.extension ?? null;
    if (name === null) continue;
    const file = extensionFileName(name);
    users.set(file, [...(users.get(file) ?? []), source.name]);
  }
  return users;
}
