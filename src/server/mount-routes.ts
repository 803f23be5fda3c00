/** Puts route records onto the HTTP library: authenticate, decide, validate, call, answer. */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AttacheError } from '../errors/attache-error.ts';
import { decide, type Principal } from './access.ts';
import type { Authenticator } from './authenticate.ts';
import { BodyBudget } from './body-budget.ts';
import { faultsOf } from './faults.ts';
import { readRawBody } from './read-raw-body.ts';
import type { Route } from './route.ts';

const bodyLimit = 256 * 1024;
/** Bytes of pushed events held at once: some of the largest, or ten thousand usual ones. */
const mostHeldBytes = 128 * 1024 * 1024;

export function mountRoutes(app: FastifyInstance, routes: readonly Route[], authenticator: Authenticator): void {
  const budget = new BodyBudget(mostHeldBytes);
  for (const route of routes) {
    if (route.rawBody === undefined) mount(app, route);
    // Parsers belong to a scope of their own, so that no other route takes bytes.
    else app.register(async (scope) => mount(takingBytes(scope, route, budget), route));
  }

  function mount(scope: FastifyInstance, route: Route): void {
    scope.route({
      method: route.method === 'GET' ? ['GET', 'HEAD'] : route.method,
      url: route.path.replace(/\{(\w+)\}/g, ':$1'),
      bodyLimit,
      // Before the body is read: who may not ask need not be listened to.
      onRequest: async (request) => {
        if (route.action !== null) principals.set(request, admit(request, route, authenticator));
      },
      handler: (request, reply) => answer(request, reply, route),
    });
  }
}

function takingBytes(scope: FastifyInstance, route: Route, budget: BodyBudget): FastifyInstance {
  scope.removeAllContentTypeParsers();
  scope.addHook('onRequest', async (request, reply) => {
    // Whatever the sender calls its bytes, even what is no type at all.
    request.raw.headers['content-type'] = 'application/octet-stream';
    reply.raw.once('close', () => budget.release(request.raw));
  });
  scope.addContentTypeParser('*', async (request: FastifyRequest, payload: IncomingMessage) =>
    readRawBody(payload, route.rawBody!(parsed(route.params, request.params, 'not_found')), budget),
  );
  return scope;
}

const principals = new WeakMap<FastifyRequest, Principal>();

function admit(request: FastifyRequest, route: Route, authenticator: Authenticator): Principal {
  const principal = authenticator.authenticate(request.headers.authorization);
  const table = route.table === undefined ? undefined : (request.params as Record<string, string>)[route.table];
  const decision = decide(principal, route.action ?? 'administer', table);
  if (decision.allowed) return principal;
  throw new AttacheError('forbidden', {
    message: decision.reason,
    hint: 'Ask an administrator, or sign in with another token.',
  });
}

async function answer(request: FastifyRequest, reply: FastifyReply, route: Route): Promise<unknown> {
  const value = await route.handle({
    params: parsed(route.params, request.params, 'not_found'),
    query: parsed(route.query, request.query, 'malformed'),
    body:
      route.bodyChecked === 'handler' || route.rawBody !== undefined
        ? request.body
        : parsed(route.body, request.body, 'settings_invalid'),
    principal: principals.get(request) ?? null,
    request,
    reply,
  });
  const schema = route.answers[reply.statusCode]?.schema;
  if (schema === undefined || Buffer.isBuffer(value) || reply.sent) return value;
  reply.type('application/json; charset=utf-8');
  return JSON.stringify(schema.parse(value));
}

/** A value that fits its schema, or an error with every fault. A path that does not fit the grammar names nothing: 404. */
function parsed(
  schema: z.ZodType | undefined,
  value: unknown,
  code: 'not_found' | 'malformed' | 'settings_invalid',
): unknown {
  if (schema === undefined) return undefined;
  const outcome = schema.safeParse(value);
  if (outcome.success) return outcome.data;
  const faults = faultsOf(outcome.error);
  throw new AttacheError(code, {
    message: code === 'not_found' ? 'There is nothing of that name.' : 'The request does not fit.',
    hint: 'See /api/openapi.json for what the route takes.',
    faults,
  });
}
