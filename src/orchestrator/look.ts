/** What one look at an extract found. Types only. */
import type { SavedTable } from './saved-catalogue.ts';
import type { Problem } from './shapes.ts';

/** A table as its extract offers it now; paths of parts are relative to the data folder. */
export type FoundTable = Omit<SavedTable, 'stale' | 'view'>;

export type Look =
  | {
      kind: 'read';
      ours: boolean;
      tables: Record<string, FoundTable>;
      /** Tables that are listed and cannot be used, with the reason. */
      broken: Record<string, string>;
      problems: Omit<Problem, 'source'>[];
    }
  | {
      kind: 'unreadable';
      failure: { code: Problem['code']; message: string };
      /** True when looking again without a change on disk can help. */
      again: boolean;
    };
