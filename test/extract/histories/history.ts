/** What may happen to a table over time: steps drawn at random, and what must hold after each sync. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { TableRequest } from '../../../src/connectors/table-request.ts';
import { tableRequest } from '../../helpers/extract-request.ts';
import type { World } from './world.ts';

const kinds = [
  'insert',
  'update',
  'delete',
  'begin',
  'commit',
  'rekey',
  'rewrite',
  'add',
  'drop',
  'rename',
  'retype',
  'sync',
  'crash',
  'full',
  'since',
] as const;

/** A step with a number that decides where it strikes. */
export interface Step {
  kind: (typeof kinds)[number];
  seed: number;
}

const often = ['insert', 'update', 'update', 'begin', 'sync', 'sync', 'sync'] as const;

export const histories = fc.array(fc.record({ kind: fc.constantFrom(...kinds, ...often), seed: fc.nat(1000) }), {
  minLength: 6,
  maxLength: 16,
});

/** Holds every kind of step, and increments between them: a run of few histories proves something too. */
export const everything: Step[] = [
  ...[
    'sync',
    'insert',
    'update',
    'sync',
    'begin',
    'update',
    'sync',
    'commit',
    'sync',
    'delete',
    'sync',
    'rekey',
    'sync',
  ],
  ...[
    'add',
    'sync',
    'update',
    'sync',
    'rename',
    'retype',
    'sync',
    'drop',
    'sync',
    'rewrite',
    'sync',
    'update',
    'crash',
  ],
  ...['sync', 'since', 'insert', 'crash', 'delete', 'full', 'update'],
].map((kind, index) => ({ kind: kind as Step['kind'], seed: index * 7 }));

export const runs = Number(process.env.DA_TEST_RUNS ?? 1);

const crashPoints = [
  'part.before-sync',
  'part.before-rename',
  'part.after-rename',
  'catalogue.before-write',
  'catalogue.after-write',
  'catalogue.before-rename',
  'catalogue.after-rename',
];

const types = ['INTEGER', 'BIGINT', 'DECIMAL(20,2)', 'TEXT'];

/** How often something really happened, over all histories of a test. */
export type Tally = Record<'compared' | 'deltas' | 'wholes' | 'killed' | 'late', number>;

export const emptyTally = (): Tally => ({ compared: 0, deltas: 0, wholes: 0, killed: 0, late: 0 });

/** Each step takes a minute of the source's clock. */
export class History {
  private readonly world: World;
  private readonly table: TableRequest;
  private readonly tally: Tally;
  private minute = 0;
  private nextId = 0;
  private nextColumn = 0;
  private extras: string[] = [];
  private type = 0;
  private pending = false;
  private synced = false;

  constructor(world: World, table: TableRequest, tally: Tally) {
    this.world = world;
    this.table = table;
    this.tally = tally;
  }

  async play(steps: readonly Step[]): Promise<void> {
    await this.world.run('CREATE TABLE t (id BIGINT NOT NULL, v TEXT, n INTEGER, changed TIMESTAMP NOT NULL)');
    await this.world.run(this.insertion(150));
    for (const step of steps) await this.apply(step);
    await this.commit();
    await this.sync();
  }

  private at(): string {
    return `TIMESTAMP '2024-01-01 00:00:00.000001' + INTERVAL '${this.minute} minutes'`;
  }

  private insertion(count: number): string {
    const first = this.nextId;
    this.nextId += count;
    return `INSERT INTO t (id, v, n, changed) SELECT i, 'v' || i, i % 7, ${this.at()} FROM generate_series(${first}, ${this.nextId - 1}) AS r(i)`;
  }

  private async apply({ kind, seed }: Step): Promise<void> {
    this.minute += 1;
    const { world } = this;
    switch (kind) {
      case 'insert':
        return world.run(this.insertion(1 + (seed % 50)));
      case 'update': {
        const [extra] = this.extras;
        const also = extra === undefined ? '' : `, ${extra} = ${seed}`;
        return world.run(`UPDATE t SET v = 'u${seed}'${also}, changed = ${this.at()} WHERE id % 17 = ${seed % 17}`);
      }
      case 'delete':
        return world.run(`DELETE FROM t WHERE id % 29 = ${seed % 29}`);
      case 'rekey':
        return world.run(`UPDATE t SET id = id + 1000000, changed = ${this.at()} WHERE id = ${seed % 150}`);
      case 'begin':
        if (this.pending) return;
        this.pending = true;
        return world.begin(this.insertion(2));
      case 'commit':
        return this.commit();
      case 'rewrite':
        return this.alone(() => world.rewrite());
      case 'add': {
        this.nextColumn += 1;
        const name = `extra${this.nextColumn}`;
        this.extras.push(name);
        return this.alone(() => world.run(`ALTER TABLE t ADD COLUMN ${name} INTEGER`));
      }
      case 'drop': {
        const name = this.extras.shift();
        return name === undefined ? undefined : this.alone(() => world.run(`ALTER TABLE t DROP COLUMN ${name}`));
      }
      case 'rename': {
        const name = this.extras.shift();
        if (name === undefined) return;
        this.nextColumn += 1;
        this.extras.push(`extra${this.nextColumn}`);
        return this.alone(() => world.run(`ALTER TABLE t RENAME COLUMN ${name} TO extra${this.nextColumn}`));
      }
      case 'retype': {
        this.type = Math.min(this.type + 1 + (seed % 2), types.length - 1);
        return this.alone(() => world.run(`ALTER TABLE t ALTER COLUMN n TYPE ${types[this.type]}`));
      }
      case 'sync':
        return this.sync();
      case 'full':
        return this.sync({ full: true });
      case 'since':
        return this.sync({ since: '2024-01-01' });
      case 'crash':
        if (await world.crash(this.table, crashPoints[seed % crashPoints.length] as string)) this.tally.killed += 1;
        this.synced = true;
    }
  }

  /** What takes the whole table must not wait for a transaction of ours. */
  private async alone(work: () => Promise<void>): Promise<void> {
    await this.commit();
    await work();
  }

  private async commit(): Promise<void> {
    if (!this.pending) return;
    this.pending = false;
    this.tally.late += 1;
    await this.world.commit();
  }

  /** After each sync the table is the source as it was committed. */
  private async sync(facts: { full?: true; since?: string } = {}): Promise<void> {
    const result = await this.world.sync(this.table, facts);
    expect(result).toMatchObject({ error: null });
    const [theirs, ours] = [await this.world.source(), await this.world.extract()];
    expect(ours).toEqual(theirs);
    this.tally.compared += ours.length;
    const whole = !this.synced || facts.full === true || result.notes.some((note) => note.includes('read in full'));
    if (result.status === 'succeeded') this.tally[whole ? 'wholes' : 'deltas'] += 1;
    this.synced = true;
  }
}

const by = (options: TableRequest['options'], facts: Partial<TableRequest> = {}): TableRequest =>
  tableRequest('t', { primary_key: ['id'], options, ...facts });

/** Each strategy as a table that is registered with it. */
export const strategies: Record<string, TableRequest> = {
  'full refresh': by({}),
  'full refresh without a key': by({}, { primary_key: [] }),
  'incremental by merge': by({ cursor: 'changed' }, { sync_strategy: 'incremental' }),
  'incremental with deletions': by({ cursor: 'changed', detect_deletes: true }, { sync_strategy: 'incremental' }),
  'incremental by append': by({ cursor: 'changed', mode: 'append' }, { sync_strategy: 'incremental', primary_key: [] }),
  'partitioned by day': by({ partition_by: 'changed', granularity: 'day' }, { sync_strategy: 'partitioned' }),
  'partitioned by hash': by({ granularity: 'hash' }, { sync_strategy: 'partitioned' }),
};
