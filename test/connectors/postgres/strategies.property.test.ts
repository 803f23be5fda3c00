import { afterAll, beforeAll } from 'vitest';
import { postgresWorld } from '../../extract/histories/postgres-world.ts';
import { strategiesProperty } from '../../extract/histories/property.ts';
import { startTestPostgres, type TestPostgres } from '../../helpers/postgres-server.ts';

let server: TestPostgres;

beforeAll(async () => {
  server = await startTestPostgres();
});

afterAll(() => server?.stop());

strategiesProperty(() => postgresWorld(server));
