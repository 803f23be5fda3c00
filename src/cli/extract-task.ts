/** What an extraction on the command line works with and ends with. Types only. */

import type { InstanceConfig, SourceConfig } from '../config/shapes.ts';
import type { Environment } from '../environment/environment.ts';
import type { JobTable } from '../system/jobs.ts';
import type { Terminal } from './terminal.ts';

export interface ExtractTask {
  config: InstanceConfig;
  source: SourceConfig;
  environment: Environment;
  terminal: Terminal;
  signal: AbortSignal;
}

export interface ExtractOutcome {
  tables: Omit<JobTable, 'source'>[];
  notes: string[];
}
