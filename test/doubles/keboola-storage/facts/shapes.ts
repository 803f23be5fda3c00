/** Facts about the index, tokens, branches, lists and details. */
import { expect } from 'vitest';
import { dig, FactsClient, type Json } from '../facts-client.ts';
import { type Fact, orders } from './ground.ts';

export const shapeFacts: Fact[] = [
  [
    'the index answers without a token and says nothing about it',
    async ({ client, double }) => {
      const anonymous = await fetch(`${double.url}/v2/storage?exclude=components`);
      expect(anonymous.status).toBe(200);
      expect(await anonymous.json()).toMatchObject({ api: 'storage', version: 'v2' });
      expect(await new FactsClient(double, 'wrong').get('?exclude=components')).not.toHaveProperty('components');
      expect(Buffer.byteLength(await (await client.fetch('')).text())).toBeGreaterThan(2_000_000);
    },
  ],
  [
    'tokens/verify shows project, rights and limits, and echoes the token',
    async ({ client, double }) => {
      const verified = await client.get('/tokens/verify');
      expect(verified.token).toBe(double.tokens.master);
      expect(verified).toMatchObject({ isMasterToken: true, bucketPermissions: [] });
      expect(verified.owner).toMatchObject({ id: 4711, defaultBackend: 'snowflake', fileStorageProvider: 'aws' });
      expect(dig(verified, 'owner', 'limits', 'storage.jobsParallelism', 'value')).toBe(10);
      const narrow = await new FactsClient(double, double.tokens.readOneBucket).get('/branch/default/tokens/verify');
      expect(narrow.bucketPermissions).toEqual({ 'in.c-main': 'read' });
      expect(dig(await new FactsClient(double, double.tokens.otherProject).get('/tokens/verify'), 'owner', 'id')).toBe(
        4712,
      );
    },
  ],
  [
    'expired, disabled and unknown tokens get 401 storage.token…',
    async ({ double }) => {
      for (const token of [double.tokens.expired, double.tokens.disabled, 'nonsense']) {
        const answer = await new FactsClient(double, token).fetch('/tokens/verify');
        expect(answer.status).toBe(401);
        expect(((await answer.json()) as Json).code).toMatch(/^storage\.token/);
      }
    },
  ],
  [
    'a token for one bucket sees only that bucket',
    async ({ double, control }) => {
      await control.project.createTable({ id: 'in.c-secret.salaries', columns: ['id'] });
      const narrow = new FactsClient(double, double.tokens.readOneBucket);
      expect(((await narrow.get('/buckets')) as unknown as Json[]).map(({ id }) => id)).toEqual(['in.c-main']);
      expect((await narrow.fetch('/tables/in.c-secret.salaries')).status).toBe(403);
      expect((await narrow.post('/tables/in.c-secret.salaries/export-async', {})).status).toBe(403);
    },
  ],
  [
    'branches list under dev-branches and prefix tables, but never jobs',
    async ({ client, control }) => {
      expect(await client.get('/dev-branches/')).toMatchObject([
        { id: 101, isDefault: true },
        { id: 102, isDefault: false },
      ]);
      expect((await client.get(`/branch/default/tables/${orders}`)).id).toBe(orders);
      expect((await client.fetch(`/branch/102/tables/${orders}`)).status).toBe(404);
      expect((await client.fetch(`/branch/999/tables/${orders}`)).status).toBe(404);
      const job = await client.job(orders, { columns: 'id' });
      expect((await client.fetch(`/branch/default/jobs/${job.id}`)).status).toBe(404);
      expect(control.acknowledgeViolations().map(({ kind }) => kind)).toEqual(['branch-prefixed-job']);
    },
  ],
  [
    'include is honoured exactly in lists, and only the detail carries a definition',
    async ({ client, control }) => {
      await control.project.createTable({
        id: 'in.c-main.typed',
        columns: [{ name: 'n', type: 'NUMBER', length: '12,2' }],
      });
      const [bare] = (await client.get('/buckets/in.c-main/tables')) as unknown as Json[];
      for (const part of ['columns', 'metadata', 'columnMetadata', 'bucket', 'definition'])
        expect(bare).not.toHaveProperty(part);
      const [, typed] = (await client.get(
        '/buckets/in.c-main/tables?include=columns,columnMetadata',
      )) as unknown as Json[];
      expect(typed).toMatchObject({ columns: ['n'] });
      expect(typed).not.toHaveProperty('definition');
      expect((dig(typed, 'columnMetadata', 'n') as Json[]).map(({ key }) => key)).toContain('KBC.datatype.basetype');
      expect(dig(await client.get('/tables/in.c-main.typed'), 'definition', 'columns')).toEqual([
        {
          name: 'n',
          definition: { type: 'NUMBER', nullable: true, length: '12,2' },
          basetype: 'NUMERIC',
          canBeFiltered: true,
        },
      ]);
    },
  ],
  [
    'empty maps are [], dates carry +0100 without a colon',
    async ({ client }) => {
      const detail = await client.get(`/tables/${orders}`);
      expect(detail.columnMetadata).toEqual([]);
      expect(detail.lastImportDate).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0100$/);
    },
  ],
  [
    'one metadata key may come from several providers',
    async ({ client, control }) => {
      const both = ['user', 'keboola.snowflake-transformation'].map((provider) => ({
        key: 'KBC.datatype.basetype',
        value: 'INTEGER',
        provider,
      }));
      control.project.setMetadata(orders, 'id', both);
      expect(dig(await client.get(`/tables/${orders}`), 'columnMetadata', 'id')).toHaveLength(2);
    },
  ],
  [
    'JSON comes gzipped to whoever says it can read gzip',
    async ({ client }) => {
      const plain = await client.fetch('/tokens/verify', { headers: { 'accept-encoding': 'identity' } });
      expect(plain.headers.get('content-encoding')).toBeNull();
      const packed = await client.fetch('/tokens/verify', { headers: { 'accept-encoding': 'gzip' } });
      expect(packed.headers.get('content-encoding')).toBe('gzip');
    },
  ],
];
