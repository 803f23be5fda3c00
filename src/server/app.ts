/** The HTTP application: every route, one guard, one form of error. */
import type { IncomingMessage } from 'node:http';
import Fastify, { type FastifyBodyParser, type FastifyInstance, type FastifyReply } from 'fastify';
import { AttacheError } from '../errors/attache-error.ts';
import { redact } from '../errors/redact.ts';
import type { Authenticator } from './authenticate.ts';
import { answerBrokenRequests } from './broken-request.ts';
import { mountRoutes } from './mount-routes.ts';
import { asRequestError, problemOf } from './problem.ts';
import { newRequestId } from './request-id.ts';
import type { Route } from './route.ts';
import { catalogueRoutes } from './routes/catalogue.ts';
import { dataRoutes } from './routes/data.ts';
import { healthRoutes } from './routes/health.ts';
import { jobRoutes } from './routes/jobs.ts';
import { manifestRoutes } from './routes/manifest.ts';
import { openApiRoute } from './routes/openapi.ts';
import { pageRoutes } from './routes/page.ts';
import { planRoutes } from './routes/plan.ts';
import { problemRoutes } from './routes/problems.ts';
import { receiveRoutes } from './routes/receive.ts';
import { registryRoutes } from './routes/registry.ts';
import { sourceRoutes } from './routes/sources.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import type { ServerParts } from './server-parts.ts';
import { createUnmatchedHandler } from './unmatched.ts';

/** Every route the server has. */
export function allRoutes(parts: ServerParts): Route[] {
  const routes = [
    ...healthRoutes(parts),
    ...jobRoutes(parts),
    ...planRoutes(parts),
    ...manifestRoutes(parts),
    ...dataRoutes(parts),
    ...registryRoutes(parts),
    ...sourceRoutes(parts),
    ...catalogueRoutes(parts),
    ...problemRoutes(parts),
    ...webhookRoutes(parts),
    ...receiveRoutes(parts),
    ...pageRoutes(),
  ];
  return [...routes, openApiRoute(routes, parts.version)];
}

export function createApp(parts: ServerParts, authenticator: Authenticator): FastifyInstance {
  const app = Fastify({
    logger: false,
    // A path that cannot be decoded reaches no route and no hook.
    frameworkErrors: (thrown, request, reply) => answerProblem(asRequestError(thrown), request.id, reply),
    clientErrorHandler: answerBrokenRequests(parts.log),
    // Node would refuse these by itself, without a word.
    http: { requireHostHeader: false },
    genReqId: newRequestId,
    exposeHeadRoutes: false,
    requestTimeout: 60_000,
    connectionTimeout: 300_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
  });
  const routes = allRoutes(parts);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, readJson(app));
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    refuseWithoutHost(request.raw);
  });
  // What a caller expects is no condition of ours; Node would answer 417 without a word.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.addHook('onResponse', async (request, reply) => {
    const { method, url, id } = request;
    parts.log.info(
      { request: id, method, url: redact(url), status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'answered',
    );
  });
  app.setErrorHandler((thrown, request, reply) => {
    const error = asRequestError(thrown);
    const about = { request: request.id, url: redact(request.url) };
    // Not to be ready is a state, not a fault of the program: one line for each refusal, or a full disk fills the faster.
    if (error.code === 'unavailable') parts.log.warn(about, error.message);
    else if (error.status >= 500) parts.log.error({ ...about, err: thrown }, error.message);
    if (error.code === 'unauthorized') reply.header('www-authenticate', 'Bearer realm="Data Attache"');
    if (error.code === 'unavailable') reply.header('retry-after', '5');
    // Headers of the file that was not sent.
    for (const name of ['content-length', 'content-disposition', 'repr-digest', 'cache-control'])
      reply.removeHeader(name);
    return answerProblem(error, request.id, reply);
  });
  app.setNotFoundHandler(createUnmatchedHandler(routes));
  mountRoutes(app, routes, authenticator);
  return app;
}

/** As HTTP/1.1 demands. */
function refuseWithoutHost({ httpVersion, headers }: IncomingMessage): void {
  if (httpVersion !== '1.1' || headers.host !== undefined) return;
  throw new AttacheError('malformed', {
    message: 'The request has no Host header.',
    hint: 'Send the name of the server in Host, as every HTTP/1.1 client does.',
  });
}

function answerProblem(error: AttacheError, requestId: string, reply: FastifyReply): FastifyReply {
  return reply
    .code(error.status)
    .header('x-request-id', requestId)
    .type('application/problem+json')
    .send(Buffer.from(JSON.stringify(problemOf(error, requestId))));
}

/** JSON bodies; an empty one is no body, because many clients always name a content type. */
function readJson(app: FastifyInstance): FastifyBodyParser<string> {
  const parse = app.getDefaultJsonParser('error', 'error') as FastifyBodyParser<string>;
  return (request, body, done) => (body === '' ? done(null, undefined) : parse(request, body, done));
}
