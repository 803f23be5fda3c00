/** What every question to a source is asked with. */

export interface SourceContext<Settings> {
  source: string;
  settings: Settings;
  /** Value of an environment variable the operator named in the settings; throws a coded error when it is not set. */
  secret(variable: string): string;
  /** Addresses of private or test services that the environment names, by variable, e.g. `AWS_ENDPOINT_URL_S3`. */
  endpoints?: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
  /** What the connector keeps of the source beside any table; an extraction always brings it. */
  memory?: SourceMemory;
}

/** One small JSON value for each source, kept whatever becomes of a run: budgets that were spent, work that was begun. */
export interface SourceMemory {
  /** What was written last, or null. */
  read(): Promise<unknown>;
  /** Puts what `next` makes of the last value in its place; no other process comes between. Resolves when it will survive a power cut. */
  change(next: (last: unknown) => unknown): Promise<void>;
}
