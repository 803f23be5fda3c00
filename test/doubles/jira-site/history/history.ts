/** Random lives of a site: a history is a list of steps, each with its own seed, so it can be shrunk step by step. */
import { createRandom } from '../model/random.ts';
import type { JiraSite } from '../site.ts';
import { createDraw } from './draw.ts';
import { peopleSteps, planningSteps, projectSteps } from './site-steps.ts';
import { issueSteps, partSteps, type Step } from './steps.ts';

const steps = { ...issueSteps, ...partSteps, ...projectSteps, ...planningSteps, ...peopleSteps };

export type HistoryKind = keyof typeof steps;

export interface HistoryStep {
  kind: HistoryKind;
  seed: number;
}

/** All kinds but `waitWeeks`: a receiver that refuses old events has to be told of such jumps. */
export const historyKinds = (Object.keys(steps) as HistoryKind[]).filter((kind) => kind !== 'waitWeeks');

/** How often each kind comes up; kinds not named come up twice. */
const weights: Partial<Record<HistoryKind, number>> = {
  createIssue: 24,
  createSubtask: 6,
  editIssue: 16,
  editCustom: 8,
  transition: 10,
  assign: 8,
  moveIssue: 8,
  addComment: 20,
  editComment: 8,
  logWork: 10,
  link: 12,
  attach: 6,
  createSprint: 4,
  plan: 6,
  createVersion: 4,
  label: 6,
  restoreProject: 4,
  deleteProject: 1,
  waitWeeks: 1,
};

export interface HistoryChoice {
  seed: number;
  length: number;
  /** Kinds that may happen; all by default. */
  kinds?: readonly HistoryKind[];
}

export function randomHistory({ seed, length, kinds = historyKinds }: HistoryChoice): HistoryStep[] {
  const random = createRandom(seed);
  const bag = kinds.flatMap((kind) => Array.from({ length: weights[kind] ?? 2 }, () => kind));
  return Array.from({ length }, () => ({ kind: random.pick(bag), seed: random.below(2 ** 31) }));
}

/** Lives through the steps on a site that has at least two projects; makes them when there are none. */
export function applyHistory(site: JiraSite, history: readonly HistoryStep[]): void {
  if (site.state.projects.size === 0) for (const key of ['ALFA', 'BETA']) site.projects.create(key);
  for (const step of history) (steps[step.kind] as Step)(site, createDraw(step.seed));
}
