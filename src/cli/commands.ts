/** The table of commands. */
import type { CommandEntry } from './context.ts';

export const commands: readonly CommandEntry[] = [
  { name: 'login', summary: 'sign in to a server', load: () => import('./commands/login.ts') },
  { name: 'init', summary: 'make a folder a workspace', load: () => import('./commands/init.ts') },
  { name: 'sync', summary: 'bring a workspace up to date', load: () => import('./commands/sync.ts') },
  {
    name: 'status',
    summary: 'say what the workspace holds and how fresh it is',
    load: () => import('./commands/status.ts'),
  },
  { name: 'tables', summary: 'list the tables of the workspace', load: () => import('./commands/tables.ts') },
  { name: 'describe', summary: 'show the columns of a table', load: () => import('./commands/describe.ts') },
  { name: 'query', summary: 'answer SQL from the workspace, offline', load: () => import('./commands/query.ts') },
];
