/** The table of commands. What stands behind a line is loaded only when it is called. */
import type { CommandEntry } from './context.ts';

const registry = () => import('./commands/admin/registry.ts');
const sources = () => import('./commands/admin/sources.ts');
const receive = () => import('./commands/admin/receive.ts');
const jobs = () => import('./commands/admin/jobs.ts');

const adminCommands: readonly CommandEntry[] = [
  {
    name: 'registry',
    summary: 'which tables exist',
    commands: [
      { name: 'list', summary: 'list registered tables', load: async () => (await registry()).list },
      { name: 'show', summary: 'show one registered table', load: async () => (await registry()).show },
      { name: 'add', summary: 'register a table', load: async () => (await registry()).add },
      {
        name: 'discover',
        summary: 'show what a source offers, and register it',
        load: async () => (await import('./commands/admin/registry-discover.ts')).discover,
      },
      { name: 'set', summary: 'change a registered table', load: async () => (await registry()).set },
      { name: 'remove', summary: 'unregister a table and drop its data', load: async () => (await registry()).remove },
    ],
  },
  {
    name: 'sources',
    summary: 'where data comes from',
    commands: [
      { name: 'list', summary: 'list configured sources', load: async () => (await sources()).list },
      { name: 'check', summary: 'probe a source', load: async () => (await sources()).check },
      { name: 'tables', summary: 'list what a source offers', load: async () => (await sources()).tables },
      { name: 'discover', summary: 'the same as tables', load: async () => (await sources()).tables },
      { name: 'status', summary: 'how far a source that pushes is', load: async () => (await receive()).status },
      { name: 'replay', summary: 'build its state anew', load: async () => (await receive()).replay },
      { name: 'reconcile', summary: 'look for what no event told', load: async () => (await receive()).reconcile },
      { name: 'backfill', summary: 'bring everything it holds', load: async () => (await receive()).backfill },
      { name: 'find-deleted', summary: 'find silent deletions', load: async () => (await receive()).findDeleted },
      {
        name: 'quarantine',
        summary: 'events kept aside',
        commands: [
          { name: 'list', summary: 'list them', load: async () => (await receive()).quarantineList },
          { name: 'show', summary: 'show one with its body', load: async () => (await receive()).quarantineShow },
          { name: 'release', summary: 'let one pass', load: async () => (await receive()).quarantineRelease },
        ],
      },
    ],
  },
  {
    name: 'sync',
    summary: 'sync tables now and wait',
    load: async () => (await import('./commands/admin/sync.ts')).configure,
  },
  {
    name: 'jobs',
    summary: 'what the server does and did',
    commands: [
      { name: 'list', summary: 'list jobs, newest first', load: async () => (await jobs()).list },
      { name: 'show', summary: 'show a job with the result of each table', load: async () => (await jobs()).show },
      { name: 'watch', summary: 'wait for a job', load: async () => (await jobs()).watch },
      { name: 'cancel', summary: 'cancel a job', load: async () => (await jobs()).cancel },
    ],
  },
  {
    name: 'problems',
    summary: 'what is stale or could not be taken in',
    load: async () => (await import('./commands/admin/problems.ts')).configure,
  },
];

export const commands: readonly CommandEntry[] = [
  { name: 'login', summary: 'sign in to a server', load: async () => (await import('./commands/login.ts')).configure },
  {
    name: 'init',
    summary: 'make a folder a workspace',
    load: async () => (await import('./commands/init.ts')).configure,
  },
  {
    name: 'sync',
    summary: 'bring a workspace up to date',
    load: async () => (await import('./commands/sync.ts')).configure,
  },
  {
    name: 'status',
    summary: 'say what the workspace holds and how fresh it is',
    load: async () => (await import('./commands/status.ts')).configure,
  },
  {
    name: 'tables',
    summary: 'list the tables of the workspace',
    load: async () => (await import('./commands/tables.ts')).configure,
  },
  {
    name: 'describe',
    summary: 'show the columns of a table',
    load: async () => (await import('./commands/describe.ts')).configure,
  },
  {
    name: 'query',
    summary: 'answer SQL from the workspace, offline',
    load: async () => (await import('./commands/query.ts')).configure,
  },
  { name: 'serve', summary: 'start a server', load: async () => (await import('./commands/serve.ts')).configure },
  {
    name: 'extract',
    summary: 'extract one source, with no server',
    load: async () => (await import('./commands/extract.ts')).configure,
  },
  {
    name: 'rebuild',
    summary: 'build the master from every extract, with no server',
    load: async () => (await import('./commands/rebuild.ts')).configure,
  },
  {
    name: 'contract',
    summary: 'the shape of an extract',
    commands: [
      {
        name: 'check',
        summary: 'say whether a folder fulfils the contract',
        load: async () => (await import('./commands/contract-check.ts')).configure,
      },
    ],
  },
  {
    name: 'config',
    summary: 'the configuration of a server',
    commands: [
      {
        name: 'show',
        summary: 'print the configuration and where it comes from',
        load: async () => (await import('./commands/config-show.ts')).configure,
      },
    ],
  },
  {
    name: 'extensions',
    summary: 'DuckDB extensions that make sources faster',
    commands: [
      {
        name: 'list',
        summary: 'say which are there and which sources use them',
        load: async () => (await import('./commands/extensions/list.ts')).configure,
      },
      {
        name: 'install',
        summary: 'put one where sources find it, from a file or DuckDB’s repository',
        load: async () => (await import('./commands/extensions/install.ts')).configure,
      },
      {
        name: 'verify',
        summary: 'load them with signatures checked',
        load: async () => (await import('./commands/extensions/verify.ts')).configure,
      },
    ],
  },
  { name: 'admin', summary: 'administer a server over HTTP', commands: adminCommands },
];
