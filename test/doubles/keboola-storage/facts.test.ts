import { describe, it } from 'vitest';
import { dialectFacts } from './facts/dialects.ts';
import { exportFacts } from './facts/exports.ts';
import { checkFact, type Fact } from './facts/ground.ts';
import { importFacts } from './facts/imports.ts';
import { jobAndFileFacts } from './facts/jobs-and-files.ts';
import { previewFacts } from './facts/previews.ts';
import { shapeFacts } from './facts/shapes.ts';
import { specialTableFacts } from './facts/special-tables.ts';

describe('facts of the Keboola Storage double', () => {
  describe.each([
    ['index, tokens, branches, shapes', shapeFacts],
    ['aliases, links, externals', specialTableFacts],
    ['imports', importFacts],
    ['exports', exportFacts],
    ['dialects', dialectFacts],
    ['previews', previewFacts],
    ['jobs and files', jobAndFileFacts],
  ])('%s', (_area, facts) => {
    it.each(facts)('%s', (...fact) => checkFact(fact as Fact));
  });
});
