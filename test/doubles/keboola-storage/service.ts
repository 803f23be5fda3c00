/** The whole state of the pretended service; listeners, routes and the test's control share it. */

import type { Clock } from './clock.ts';
import type { AzurePeer } from './clouds/azure-shared-key.ts';
import type { Credentials } from './clouds/credentials.ts';
import type { ObjectStore } from './clouds/object-store.ts';
import type { Database } from './data/database.ts';
import type { FaultRules } from './faults/rules.ts';
import type { Journal } from './journal.ts';
import type { Settings } from './settings.ts';
import type { ExportFile } from './storage/files.ts';
import type { Job } from './storage/jobs.ts';
import type { Violations } from './violations.ts';
import type { Project, Token } from './world.ts';

export interface Service {
  clock: Clock;
  settings: Settings;
  folder: string;
  database: Database;
  store: ObjectStore;
  credentials: Credentials;
  journal: Journal;
  violations: Violations;
  faults: FaultRules;
  projects: Project[];
  tokens: Token[];
  jobs: Job[];
  files: ExportFile[];
  cache: Map<string, { file: ExportFile; readyMs: number }>;
  azure: AzurePeer;
  /** Filled once the listeners are open. */
  urls: { storage: string; s3: string; gcs: string; azure: string; trap: string };
  /** Real time as the clouds see it, moved only by `control.skewClouds`. */
  cloudSkewMs: number;
  nextId(): number;
}
