/** What a test may do to the double, and ask it, beside talking to its endpoints. */
import {
  deleteRows,
  flushStreamingBuffer,
  type InsertOptions,
  insertRows,
  insertSelect,
  type Row,
  replaceRows,
  updateRows,
} from '../data/change-rows.ts';
import type { Table } from '../data/table.ts';
import { dropTable } from '../data/warehouse.ts';
import type { Service } from '../service.ts';
import type { StorageServer } from '../storage/server.ts';
import { type DatasetSpec, defineDataset, defineTable, type TableSpec, tableAt } from './define.ts';
import type { Fault, Method } from './faults.ts';
import type { Call } from './journal.ts';
import type { Permission } from './permissions.ts';
import { viewRows } from './refresh.ts';

interface RunningJob {
  project: string;
  id: string;
  location: string;
  query: string;
  labels: Record<string, string>;
  state: 'PENDING' | 'RUNNING';
}

/** Tables are named by their path: project.dataset.table. */
export interface Control {
  dataset(spec: DatasetSpec): void;
  table(spec: TableSpec, options?: InsertOptions): Promise<void>;
  drop(table: string): Promise<void>;
  insert(table: string, rows: Row[], options?: InsertOptions): Promise<void>;
  /** Inserts what a DuckDB SELECT returns; for many rows. */
  insertFromDuck(table: string, sql: string, options?: InsertOptions): Promise<void>;
  /** Deletes by a DuckDB condition. */
  delete(table: string, condition?: string): Promise<void>;
  /** Sets columns to DuckDB expressions where a DuckDB condition holds. */
  update(table: string, set: Record<string, string>, condition: string): Promise<void>;
  replace(table: string, rows: Row[]): Promise<void>;
  flushStreamingBuffer(table: string): Promise<void>;
  /** Computes a materialised view again. */
  refresh(table: string): Promise<void>;

  fault(fault: Fault): void;
  clearFaults(): void;
  /** How many calls met a fault so far: a test of a fault that nobody met proves nothing. */
  faultsMet(): number;
  /** All calls now come from this identity. */
  actAs(identity: string): void;
  deny(permission: Permission, resource?: string): void;
  allow(permission: Permission, resource?: string): void;
  expireSessions(): void;

  calls(): readonly Call[];
  count(method: Method): number;
  /** Broken rules, such as a credential in plaintext. */
  violations(): readonly string[];
  runningJobs(): RunningJob[];
  /** Bytes billed for queries so far. */
  billedBytes(): number;
  billedBytesOf(jobId: string): number;
  /** Bytes read by the Storage Read API so far; not part of billedBytes. */
  storageReadBytes(): number;
  /** Forgets calls, violations and bills, not data. */
  reset(): void;
}

export function controlOf(service: Service, storage: StorageServer): Control {
  const { warehouse, journal, permissions, faults } = service;
  const at = (path: string): Table => tableAt(service, path);
  return {
    dataset: (spec) => void defineDataset(service, spec),
    table: async (spec, options) => void (await defineTable(service, spec, options)),
    drop: async (path) => dropTable(warehouse, at(path)),
    insert: (path, rows, options) => insertRows(warehouse, at(path), rows, options),
    insertFromDuck: (path, sql, options) => insertSelect(warehouse, at(path), sql, options),
    delete: (path, condition) => deleteRows(warehouse, at(path), condition),
    update: (path, set, condition) => updateRows(warehouse, at(path), set, condition),
    replace: (path, rows) => replaceRows(warehouse, at(path), rows),
    flushStreamingBuffer: (path) => flushStreamingBuffer(warehouse, at(path)),
    refresh: (path) => viewRows(service, at(path)),
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    faultsMet: () => faults.met(),
    actAs: (identity) => {
      permissions.identity = identity;
    },
    deny: (permission, resource) => permissions.deny(permission, resource),
    allow: (permission, resource) => permissions.allow(permission, resource),
    expireSessions: () => {
      for (const session of storage.sessions.values()) session.expiresMs = 0;
    },
    calls: () => journal.calls,
    count: (method) => journal.count(method),
    violations: () => journal.violations,
    runningJobs: () => runningJobs(service),
    billedBytes: () => service.billed.bytes,
    billedBytesOf: (jobId) => service.billed.byJob.get(jobId) ?? 0,
    storageReadBytes: () => service.storageReadBytes,
    reset: () => {
      journal.calls.length = 0;
      journal.violations.length = 0;
      service.billed = { bytes: 0, byJob: new Map() };
      service.storageReadBytes = 0;
    },
  };
}

function runningJobs(service: Service): RunningJob[] {
  return [...service.jobs.values()].flatMap((job) => {
    if (job.state === 'DONE') return [];
    const { project, id, location, state, configuration } = job;
    return [
      { project, id, location, state, query: configuration.query?.query ?? '', labels: configuration.labels ?? {} },
    ];
  });
}
