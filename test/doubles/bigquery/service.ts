/** The state all parts of the double share. */
import type { Care } from './control/care.ts';
import type { Faults } from './control/faults.ts';
import type { Journal } from './control/journal.ts';
import type { Permissions } from './control/permissions.ts';
import type { Warehouse } from './data/warehouse.ts';
import type { Job } from './jobs/job.ts';

export interface Limits {
  /** Rows of a REST page are cut when they pass this, whatever maxResults says. */
  pageBytes: number;
  /** Results above this need a destination table. */
  responseBytes: number;
  /** Life of a read session. */
  sessionMs: number;
  /** Rows of one Storage Read message. */
  rowsPerMessage: number;
  /** Most streams of one read session. */
  streams: number;
}

export interface Service {
  warehouse: Warehouse;
  faults: Faults;
  journal: Journal;
  care: Care;
  permissions: Permissions;
  limits: Limits;
  jobs: Map<string, Job>;
  /** Results the query cache can answer with: anonymous tables by statement, parameters and table versions. */
  cachedResults: Map<string, { project: string; dataset: string; table: string }>;
  /** Bytes on the bill: queries, by job id. */
  billed: { bytes: number; byJob: Map<string, number> };
  /** Bytes read through the Storage Read API; billed apart from queries. */
  storageReadBytes: number;
}
