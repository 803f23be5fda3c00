import { describe, expect, it } from 'vitest';
import { replaySummary, replayText } from '../../../src/cli/output/replay-text.ts';

const tables = [
  { table: 'jira_issues', rows: 1_200, before: '17', after: '17' },
  { table: 'jira_comments', rows: 3, before: '17', after: '18' },
  { table: 'jira_labels', rows: 0, before: '', after: '0' },
];

describe('what a replay found', () => {
  it('is one line for each table', () => {
    expect(replayText({ equal: false, tables }).split('\n')).toEqual([
      'table           rows  outcome',
      '-------------  -----  ---------',
      'jira_issues    1,200  the same',
      'jira_comments      3  different',
      'jira_labels        0  new',
      '',
    ]);
  });

  it('is said in a sentence', () => {
    expect(replaySummary({ equal: true, tables: tables.slice(0, 1) })).toBe('1 table came out the same.');
    expect(replaySummary({ equal: false, tables })).toContain('2 of 3 tables came out different.');
  });
});
