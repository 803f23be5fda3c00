/** Everything that was asked of any listener, in order. */
export type ListenerName = 'storage' | 's3' | 'gcs' | 'azure' | 'trap';

/** The names by which tests and fault rules speak of calls. */
export type RouteName =
  | 'index'
  | 'verify'
  | 'branches'
  | 'branch'
  | 'buckets'
  | 'bucket'
  | 'bucketTables'
  | 'tables'
  | 'table'
  | 'export'
  | 'preview'
  | 'jobs'
  | 'job'
  | 'file'
  | 'manifest'
  | 'slice'
  | 'list'
  | 'trap'
  | 'unknown';

export interface JournalEntry {
  n: number;
  at: number;
  listener: ListenerName;
  route: RouteName;
  method: string;
  /** Path and query as sent. */
  target: string;
  params: Record<string, string>;
  headers: Record<string, string>;
  body: string;
  /** Status of the answer; undefined while it is under way or when the connection was cut first. */
  status?: number;
  /** Names of the faults that struck this call. */
  faults: string[];
}

export class Journal {
  readonly entries: JournalEntry[] = [];

  add(entry: Omit<JournalEntry, 'n' | 'faults'>): JournalEntry {
    const full = { ...entry, n: this.entries.length + 1, faults: [] };
    this.entries.push(full);
    return full;
  }

  calls(route: RouteName): JournalEntry[] {
    return this.entries.filter((entry) => entry.route === route);
  }
}
