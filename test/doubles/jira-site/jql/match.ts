/** Whether an issue, as the search index sees it, satisfies a query; times have minute resolution in the profile's zone. */
import type { IndexEntry, Issue, Project } from '../model/records.ts';
import { readWallClock } from '../model/times.ts';
import type { Clause, Order, Query } from './parse.ts';
import { JqlError } from './tokens.ts';

export interface Searchable {
  issue: Issue;
  /** What the index saw last. */
  seen: IndexEntry;
}

export interface SearchSetting {
  now: number;
  offsetMinutes: number;
  /** Projects the reader may browse. */
  projects: readonly Project[];
  issueIdOf(keyOrId: string): number | undefined;
}

export type Predicate = (item: Searchable) => boolean;

export function compileQuery(query: Query, setting: SearchSetting): Predicate {
  const tests = query.clauses.map((clause) => compileClause(clause, setting));
  return (item) => tests.every((test) => test(item));
}

function compileClause(clause: Clause, setting: SearchSetting): Predicate {
  const negated = clause.operator === '!=' || clause.operator === 'not in';
  if (clause.field === 'project') {
    const ids = new Set(clause.values.map((value) => projectId(value, setting)));
    return ({ seen }) => ids.has(seen.projectId) !== negated;
  }
  if (clause.field === 'updated' || clause.field === 'created') return compileMoment(clause, setting);
  if (clause.operator === '=' || clause.operator === '!=' || clause.operator.endsWith('in')) {
    const ids = new Set(clause.values.map((value) => setting.issueIdOf(value)));
    return ({ issue }) => ids.has(issue.id) !== negated;
  }
  const bound = Number(clause.values[0]);
  if (Number.isNaN(bound)) throw new JqlError(`Issues are compared by number here, not by '${clause.values[0]}'.`);
  return ({ issue }) => compare(issue.id, clause.operator, bound);
}

/** A project the reader may not browse does not exist for him: the whole query is refused. */
function projectId(value: string, setting: SearchSetting): number {
  const found = setting.projects.find(({ id, key, name }) => value === key || value === name || value === String(id));
  if (!found) throw new JqlError(`The value '${value}' does not exist for the field 'project'.`);
  return found.id;
}

function compileMoment(clause: Clause, setting: SearchSetting): Predicate {
  const { field, operator } = clause;
  if (!['>', '>=', '<', '<='].includes(operator)) {
    throw new JqlError(`The operator '${operator}' is not supported by the '${field}' field.`);
  }
  const bound = readMoment(clause.values[0]!, setting);
  return ({ issue, seen }) => compare(field === 'updated' ? seen.updated : issue.created, operator, bound);
}

const unitMinutes: Readonly<Record<string, number>> = { m: 1, h: 60, d: 1_440, w: 10_080 };

function readMoment(text: string, setting: SearchSetting): number {
  const relative = /^-(\d+)([mhdw])$/.exec(text);
  const moment = relative
    ? setting.now - Number(relative[1]) * unitMinutes[relative[2]!]! * 60_000
    : readWallClock(text, setting.offsetMinutes);
  if (moment === undefined) {
    throw new JqlError(
      `Date value '${text}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.`,
    );
  }
  return Math.floor(moment / 60_000) * 60_000;
}

function compare(value: number, operator: string, bound: number): boolean {
  if (operator === '>') return value > bound;
  if (operator === '>=') return value >= bound;
  return operator === '<' ? value < bound : value <= bound;
}

export function compareBy(order: readonly Order[]): (a: Searchable, b: Searchable) => number {
  const value = (item: Searchable, field: Order['field']) => {
    if (field === 'updated') return item.seen.updated;
    if (field === 'created') return item.issue.created;
    return field === 'project' ? item.seen.projectId : item.issue.id;
  };
  return (a, b) => {
    for (const { field, descending } of order) {
      const difference = value(a, field) - value(b, field);
      if (difference !== 0) return descending ? -difference : difference;
    }
    return b.issue.id - a.issue.id;
  };
}
