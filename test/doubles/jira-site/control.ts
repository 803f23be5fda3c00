/** The test's hand on the site: what was sent and asked, what was misused, and what shall go wrong. */
import type { SiteContext } from './context.ts';
import type { Delivery } from './delivery/delivery.ts';
import type { Fault } from './rest/faults.ts';
import type { Behaviour, RestContext } from './rest/rest-context.ts';

/** One REST call as it was answered. */
interface RestCall {
  route: string;
  method: string;
  path: string;
  query: string;
  body: unknown;
  status: number;
}

interface PlannedFault {
  /** Name of a route, or `*`. */
  route: string;
  fault: Fault;
  /** The first call it hits, counted from 1 at the moment of planning. */
  nth: number;
  /** How many calls in a row it hits. */
  times: number;
}

export interface Control {
  /** Misuse: unknown route, wrong method, missing credentials, unbounded JQL. */
  readonly violations: string[];
  readonly calls: RestCall[];
  callsTo(route: string): RestCall[];
  /** Everything the site sent. */
  readonly deliveries: readonly Delivery[];
  /** What was sent since the last time this was asked. */
  takeDeliveries(): Delivery[];
  /** Lets go of the bodies sent so far: a storm is too big to keep. */
  forgetDeliveries(): void;
  readonly behaviour: Behaviour;
  /** Lets the nth call of a route, counted from now, go wrong. */
  fail(route: string, fault: Fault, when?: { nth?: number; times?: number }): void;
  /** Drops what was planned to go wrong. */
  heal(): void;
  /** Makes every page token handed out so far worthless. */
  expireTokens(): void;
  /** Moves the site's clock: the index catches up, tokens age, feeds show their last minute. */
  advance(milliseconds: number): void;
}

export interface ControlParts {
  control: Control;
  rest: RestContext;
  /** The fault that hits this call, if any; counts the call. */
  faultFor(route: string): Fault | undefined;
}

export function createControl(site: SiteContext): ControlParts {
  const violations: string[] = [];
  const calls: RestCall[] = [];
  const behaviour: Behaviour = {
    indexLagMilliseconds: 0,
    hiddenProjects: new Set(),
    ignoreStartAt: false,
    searchIsEmpty: false,
    tokenLifeMilliseconds: 7 * 86_400_000,
    changelogPage: 10_000,
  };
  const rest: RestContext = { site, behaviour, tokens: new Map(), violate: (what) => violations.push(what) };
  let planned: PlannedFault[] = [];
  let taken = 0;

  const faultFor = (route: string) => {
    const due = planned.filter((plan) => plan.route === route || plan.route === '*');
    const hit = due.find(({ nth }) => nth <= 1);
    for (const plan of due) {
      if (plan.nth > 1) plan.nth -= 1;
      else if (plan === hit) plan.times -= 1;
    }
    planned = planned.filter(({ times }) => times > 0);
    return hit?.fault;
  };
  const control: Control = {
    violations,
    calls,
    callsTo: (route) => calls.filter((call) => call.route === route),
    deliveries: site.deliveries,
    takeDeliveries: () => {
      const fresh = site.deliveries.slice(taken);
      taken = site.deliveries.length;
      return fresh;
    },
    forgetDeliveries: () => {
      site.deliveries.length = 0;
      taken = 0;
    },
    behaviour,
    fail: (route, fault, { nth = 1, times = 1 } = {}) => {
      planned.push({ route, fault, nth, times });
    },
    heal: () => {
      planned = [];
    },
    expireTokens: () => rest.tokens.clear(),
    advance: (milliseconds) => site.clock.advance(milliseconds),
  };
  return { control, rest, faultFor };
}
