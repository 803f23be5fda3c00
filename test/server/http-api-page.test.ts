import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { documentedRoutes } from '../helpers/server.ts';

it('the page of the HTTP API names every route with its summary, and none that is not there', () => {
  const page = readFileSync(new URL('../../docs/http-api.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+ \S+)` +\| .+? +\| (.+?) +\|$/gm)].map(([, route, summary]) => [
    route,
    summary,
  ]);
  const routes = documentedRoutes().map((route) => [`${route.method} ${route.path}`, route.summary]);
  expect(rows.sort()).toEqual(routes.sort());
});
