/** Facts about jobs and files. */
import { expect } from 'vitest';
import { digText, FactsClient, type Json } from '../facts-client.ts';
import { type Fact, orders } from './ground.ts';

export const jobAndFileFacts: Fact[] = [
  [
    'a job waits, works and ends over the clock, within the parallelism of the project',
    async ({ client, control }) => {
      control.clock.freeze();
      const posts = await Promise.all(
        ['id', 'name', 'id,name'].map(
          async (columns) => (await client.post(`/tables/${orders}/export-async`, { columns })).json() as Promise<Json>,
        ),
      );
      const states = async () =>
        (await Promise.all(posts.map(({ id }) => client.get(`/jobs/${id}`)))).map(({ status }) => status).sort();
      expect(posts.map(({ status }) => status)).toEqual(['waiting', 'waiting', 'waiting']);
      control.clock.advance(1000);
      await states();
      expect(await states()).toEqual(['processing', 'processing', 'waiting']);
      control.clock.advance(5000);
      await until(async () => (await states()).filter((status) => status === 'success').length === 2);
      control.clock.advance(5000);
      await until(async () => (await states()).every((status) => status === 'success'));
    },
    { jobWaitingMs: 1000, jobProcessingMs: 5000, jobsParallelism: 2 },
  ],
  [
    'the 202 answer may already be a finished job',
    async ({ client }) => {
      const response = await client.post(`/tables/${orders}/export-async`, { columns: 'id' });
      expect(response.status).toBe(202);
      expect(await response.json()).toMatchObject({ status: 'success', results: { file: { id: expect.any(Number) } } });
    },
    { terminalJobs: true },
  ],
  [
    'jobs and files of one project do not exist for another',
    async ({ client, double }) => {
      const job = await client.job(orders, { columns: 'id' });
      const stranger = new FactsClient(double, double.tokens.otherProject);
      expect((await stranger.fetch(`/jobs/${job.id}`)).status).toBe(404);
      expect((await stranger.fetch(`/files/${digText(job, 'results', 'file', 'id')}`)).status).toBe(404);
    },
  ],
  [
    'files expire',
    async ({ client, control }) => {
      const job = await client.job(orders, { columns: 'id' });
      control.clock.advance(4 * 86_400_000);
      expect((await client.fetch(`/files/${digText(job, 'results', 'file', 'id')}`)).status).toBe(404);
    },
  ],
];

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}
