/** The configuration of a server that is measured. */
export const token = 'bench-admin-token';

export function benchConfig(dataDirectory) {
  return {
    instance: { name: 'Bench' },
    dataDirectory,
    server: { host: '127.0.0.1', port: 0, publicUrl: null },
    sources: new Map(),
    duckdb: { memoryLimit: '400MB', threads: 2, extensionDirectories: [] },
    scheduler: { intervalMs: 900_000 },
    limits: { extractMemoryBytes: 1e9, extractTimeMs: 600_000, graceMs: 3_600_000 },
    adminToken: token,
    origins: new Map(),
  };
}
