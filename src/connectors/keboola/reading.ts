/** What all tables of one run share. Types only. */
import type { LimitFunction } from 'p-limit';
import type { RunContext } from '../read-way.ts';
import type { Connection } from './connection.ts';
import type { SourceTable } from './describe-table.ts';
import type { AttachedExtension } from './extension/attach-extension.ts';
import type { Project } from './project.ts';
import type { Settings } from './settings.ts';

export interface Reading {
  context: RunContext<Settings>;
  connection: Connection;
  project: Project;
  /** Slots for exports under way. */
  exports: LimitFunction;
  /** The stack refused to export Parquet, now or in an earlier run. */
  csvOnly: boolean;
  /** By table id: what the detail said when its read was planned. */
  planned: Map<string, Pick<SourceTable, 'lastImportDate' | 'lastChangeDate'>>;
  /** Attached when it is first asked for, once for the run. */
  extension(): Promise<AttachedExtension>;
}
