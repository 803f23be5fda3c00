/** Which route a path means; a fixed piece wins over an open one because it stands earlier in the table. */
import type { Flavour } from '../model/records.ts';
import { type Route, routes } from './routes.ts';

export interface Found {
  api: '2' | '3';
  params: string[];
  /** All routes of this path, whatever their method. */
  candidates: Route[];
}

const table = routes.map((route) => ({ route, pattern: toPattern(route.path) }));

function toPattern(path: string): RegExp {
  const body = path.replace(/[.]/g, '\\.').replaceAll('*', '([^/]+)');
  return new RegExp(path.startsWith('/') ? `^${body}$` : `^/rest/api/([23])/${body}$`);
}

export function findRoute(path: string, flavour: Flavour): Found | undefined {
  for (const { route, pattern } of table) {
    const match = pattern.exec(path);
    if (!match || (route.only && route.only !== flavour)) continue;
    const pieces = match.slice(1).map(decodeURIComponent);
    const isApi = !route.path.startsWith('/');
    if (isApi && flavour === 'server' && pieces[0] === '3') continue;
    const candidates = table.filter((entry) => entry.route.path === route.path).map((entry) => entry.route);
    return {
      api: isApi && pieces[0] === '3' ? '3' : '2',
      params: isApi ? pieces.slice(1) : pieces,
      candidates: candidates.filter((candidate) => !candidate.only || candidate.only === flavour),
    };
  }
  return undefined;
}
