/** Every migration, in order. A released one never changes: what it did wrong is mended by the next. */
import type { Migration } from '../migrate.ts';
import { firstTables } from './0001-first-tables.ts';

export const migrations: readonly Migration[] = [firstTables];
