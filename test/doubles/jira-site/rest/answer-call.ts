/** One REST call from its path to its answer: gateway, route, credentials, limits, method, handler. */
import type { ControlParts } from '../control.ts';
import type { Json } from '../model/records.ts';
import { offsetOf } from '../model/times.ts';
import type { View } from '../shapes/view.ts';
import { authenticate } from './authenticate.ts';
import { type Found, findRoute } from './find-route.ts';
import type { RateLimit } from './rate-limit.ts';
import { RestError } from './rest-context.ts';
import type { Route } from './routes.ts';

export interface IncomingCall {
  method: string;
  url: string;
  authorization: string | undefined;
  body: string;
}

export interface RestAnswer {
  route: string;
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

const failure = (route: string, status: number, text: string, headers: Record<string, string> = {}): RestAnswer => ({
  route,
  status,
  headers,
  body: { errorMessages: [text], errors: {} },
});

/** A call with its place in the site, before anything is decided. */
export interface LocatedCall extends IncomingCall {
  path: string;
  query: URLSearchParams;
  viaGateway: boolean;
  found: Found | undefined;
  route: Route | undefined;
  /** Name of the route, also when the method is wrong; `unknown` when there is none. */
  name: string;
}

export function locateCall({ rest }: ControlParts, call: IncomingCall): LocatedCall {
  const { auth, flavour } = rest.site.options;
  const gateway = `/ex/jira/${auth.cloudId}`;
  const url = new URL(call.url, 'http://site');
  const viaGateway = flavour === 'cloud' && url.pathname.startsWith(`${gateway}/`);
  const path = viaGateway ? url.pathname.slice(gateway.length) : url.pathname;
  const found = findRoute(path, flavour);
  const route = found?.candidates.find(({ methods }) => methods.includes(call.method));
  const name = route?.name ?? found?.candidates[0]?.name ?? 'unknown';
  return { ...call, path, query: url.searchParams, viaGateway, found, route, name };
}

export function answerCall({ rest }: ControlParts, call: LocatedCall, rateLimit: RateLimit): RestAnswer {
  const { found, route, name, method, path } = call;
  const verdict = route?.open ? 'ok' : authenticate(call.authorization, call.viaGateway, rest.site.options);
  if (verdict === 'missing') rest.violate(`no credentials: ${method} ${path}`);
  if (verdict !== 'ok') return failure(name, 401, 'Client must be authenticated to access this resource.');
  const limited = rateLimit(method, name);
  if (limited) return failure(name, 429, 'Rate limit exceeded.', limited);
  if (!found) {
    rest.violate(`unknown route: ${method} ${path}`);
    return failure(name, 404, 'null for uri');
  }
  if (!route) {
    rest.violate(`wrong method: ${method} ${path}`);
    return failure(name, 405, 'Method Not Allowed');
  }
  try {
    const request = { method, path, query: call.query, params: found.params, body: readBody(call.body) };
    return {
      route: name,
      status: 200,
      headers: {},
      body: route.handler(rest, { ...request, view: restView(rest, found) }),
    };
  } catch (error) {
    if (error instanceof RestError) return failure(name, error.status, error.message);
    throw error;
  }
}

function restView(rest: ControlParts['rest'], found: Found): View {
  const { options, state } = rest.site;
  const { flavour, profileZone } = options;
  const siteUrl = rest.site.siteUrl();
  return { flavour, channel: 'rest', api: found.api, siteUrl, offsetMinutes: offsetOf(profileZone), state };
}

function readBody(text: string): Json {
  if (text === '') return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed)) return parsed as Json;
  } catch {
    // Told to the caller as any other body that is no JSON object.
  }
  throw new RestError(400, 'There was an error parsing JSON. Check that your request body is valid.');
}
