/** A hand-made instance for tests: configuration, registry rows, a silent log and patience. */
import type { InstanceConfig, SourceConfig } from '../../src/config/shapes.ts';
import type { RegisteredTable } from '../../src/system/table-registry.ts';

/** A configuration with sources by name and type, limits small enough for a test, and no scheduler. */
export function instanceConfig(
  dataDirectory: string,
  sources: Record<string, string | Omit<SourceConfig, 'name'>> = {},
  facts: Partial<InstanceConfig> = {},
): InstanceConfig {
  return {
    instance: { name: 'Test' },
    dataDirectory,
    server: { host: '127.0.0.1', port: 0, publicUrl: null },
    sources: new Map(
      Object.entries(sources).map(([name, source]) => [
        name,
        typeof source === 'string' ? { name, type: source, settings: {}, schedule: null } : { name, ...source },
      ]),
    ),
    duckdb: { memoryLimit: '200MB', threads: 1, extensionDirectories: [] },
    scheduler: { intervalMs: null },
    limits: { extractMemoryBytes: 1 << 30, extractTimeMs: 60_000, graceMs: 3_600_000 },
    adminToken: 'test-admin-token',
    origins: new Map(),
    ...facts,
  };
}

/** A registered table with nothing special about it. */
export function registeredTable(id: string, source: string, facts: Partial<RegisteredTable> = {}): RegisteredTable {
  return {
    id,
    name: id,
    source_type: 'duckdb',
    source_name: source,
    bucket: null,
    source_table: id,
    sync_strategy: 'full_refresh',
    query_mode: 'local',
    sync_schedule: null,
    profile_after_sync: true,
    primary_key: [],
    description: null,
    options: {},
    registered_by: null,
    registered_at: '2026-01-01T00:00:00.000Z',
    ...facts,
  };
}

export const silentLog = { info: () => {}, warn: () => {}, error: () => {} };

/** Waits until `condition` holds; the test's own time limit ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
