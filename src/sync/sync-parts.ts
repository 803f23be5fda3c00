/** What a sync works with; handed in, so that a test can hold an extraction still. Types only. */
import type { InstanceConfig, SourceConfig } from '../config/shapes.ts';
import type { extractSource } from '../extract/extract-source.ts';
import type { SystemState } from '../system/system-state.ts';

/** The part of a pino logger that is used here. */
export interface Log {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export interface SyncParts {
  config: InstanceConfig;
  state: SystemState;
  extract: typeof extractSource;
  /** Brings the master up to date with the extracts. */
  rebuild(): Promise<void>;
  /** Values of the environment variables a source's settings name. */
  secretsOf(source: SourceConfig): Record<string, string>;
  log: Log;
}
