/** Requests that no route takes: another method would do (405 with `Allow`), or nothing is there (404). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AttacheError } from '../errors/attache-error.ts';
import type { Route } from './route.ts';

export function createUnmatchedHandler(routes: readonly Route[]) {
  const patterns = routes.map((route) => ({
    method: route.method,
    pattern: new RegExp(`^${route.path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
  }));
  return (request: FastifyRequest, reply: FastifyReply): never => {
    const path = request.url.split('?', 1)[0] ?? '';
    const methods = new Set(patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method as string));
    if (methods.size === 0) {
      throw new AttacheError('not_found', {
        message: `There is nothing at ${path.slice(0, 200)}.`,
        hint: 'See /api/openapi.json for the routes there are.',
      });
    }
    if (methods.has('GET')) methods.add('HEAD');
    const allow = [...methods].sort().join(', ');
    reply.header('allow', allow);
    throw new AttacheError('method_not_allowed', {
      message: `${path} takes ${allow}, not ${request.method}.`,
      hint: 'See /api/openapi.json for what each method does.',
    });
  };
}
