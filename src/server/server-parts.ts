/** What routes work with. Types only. */
import type { InstanceConfig } from '../config/shapes.ts';
import type { askConnector } from '../extract/extract-source.ts';
import type { IntervalScheduler } from '../sync/interval-scheduler.ts';
import type { Master } from '../sync/master.ts';
import type { PushedSources } from '../sync/pushed-sources.ts';
import type { Log, SyncParts } from '../sync/sync-parts.ts';
import type { SyncService } from '../sync/sync-service.ts';
import type { SystemState } from '../system/system-state.ts';
import type { MergedFiles } from './files/merged-files.ts';

export interface ServerParts {
  config: InstanceConfig;
  version: string;
  state: SystemState;
  sync: SyncService;
  master: Master;
  pushed: PushedSources;
  merged: MergedFiles;
  scheduler: IntervalScheduler | null;
  ask: typeof askConnector;
  secretsOf: SyncParts['secretsOf'];
  log: Log;
  /** Aborted when the server stops: long answers end. */
  stopping: AbortSignal;
}
