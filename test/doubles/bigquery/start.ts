/** Starts the double: REST and Storage Read on loopback, one DuckDB behind both. */
import { takeCare } from './control/care.ts';
import { type Control, controlOf } from './control/control.ts';
import { scriptFaults } from './control/faults.ts';
import { keepJournal } from './control/journal.ts';
import { keepPermissions } from './control/permissions.ts';
import { startClock } from './data/clock.ts';
import { openDuck } from './data/duck.ts';
import { openWarehouse } from './data/warehouse.ts';
import { startRestServer } from './rest/server.ts';
import type { Limits, Service } from './service.ts';
import { bignumKeyMacro } from './sql/coerce.ts';
import { startStorageServer } from './storage/server.ts';

export interface BigQueryOptions {
  /** Who all calls come from. */
  identity?: string;
  /** The service's clock, milliseconds. */
  now?: () => number;
  limits?: Partial<Limits>;
  /** Also what BigQuery would let pass is a violation: see `control/care.ts`. */
  careful?: boolean;
}

export interface BigQueryDouble {
  /** http://127.0.0.1:port, for @google-cloud/bigquery's apiEndpoint. */
  apiEndpoint: string;
  /** 127.0.0.1:port, plaintext gRPC. */
  storageEndpoint: string;
  control: Control;
  stop(): Promise<void>;
}

const defaults: Limits = {
  pageBytes: 10 * 1024 * 1024,
  responseBytes: 10 * 1024 ** 3,
  sessionMs: 6 * 3600 * 1000,
  rowsPerMessage: 8192,
  streams: 4,
};

export async function startBigQuery(options: BigQueryOptions = {}): Promise<BigQueryDouble> {
  const duck = await openDuck();
  await duck.run(bignumKeyMacro);
  const journal = keepJournal();
  const service: Service = {
    warehouse: openWarehouse(duck, startClock(options.now ?? Date.now)),
    faults: scriptFaults(),
    journal,
    care: takeCare(journal, options.careful ?? false),
    permissions: keepPermissions(options.identity ?? 'reader@example.iam.gserviceaccount.com'),
    limits: { ...defaults, ...options.limits },
    jobs: new Map(),
    cachedResults: new Map(),
    billed: { bytes: 0, byJob: new Map() },
    storageReadBytes: 0,
  };
  const rest = await startRestServer(service);
  const storage = await startStorageServer(service);
  return {
    apiEndpoint: rest.endpoint,
    storageEndpoint: storage.endpoint,
    control: controlOf(service, storage),
    stop: async () => {
      for (const job of service.jobs.values()) job.wake.abort();
      await Promise.all([rest.stop(), storage.stop()]);
      await Promise.all([...service.jobs.values()].map((job) => job.finished));
      duck.close();
    },
  };
}
