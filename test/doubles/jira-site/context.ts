/** What every change of the site needs: state, clock, ids, and the place events go to. */
import type { Delivery, Flow } from './delivery/delivery.ts';
import { createClock, type SiteClock } from './model/clock.ts';
import { createRandom, type SeededRandom } from './model/random.ts';
import type { Json, User } from './model/records.ts';
import { emptyState, type SiteState } from './model/state.ts';
import { offsetOf } from './model/times.ts';
import type { FullOptions } from './options.ts';
import type { View } from './shapes/view.ts';

export interface SiteContext {
  readonly options: FullOptions;
  readonly state: SiteState;
  readonly clock: SiteClock;
  readonly random: SeededRandom;
  /** A fresh id of one kind; kinds have their own ranges, and ids of different kinds do collide as on a real site. */
  nextId(kind: string): number;
  siteUrl(): string;
  /** The view of webhook bodies: v2, with the offset of whoever acts. */
  webhookView(actor: User): View;
  emit(event: Emission): void;
  /** Everything sent so far, in the order of the changes. */
  readonly deliveries: Delivery[];
  /** Called for each new delivery. */
  onDelivery: (delivery: Delivery) => void;
  /** How many were made, also when they are forgotten. */
  sent: number;
  /** While true nothing is sent: the world changes and nobody hears of it. */
  muted: boolean;
}

export interface Emission {
  event: string;
  body: () => Json;
  at: number;
  flow?: Flow;
  entity: { kind: string; id: string; issueId?: string };
}

export function createContext(options: FullOptions, siteUrl: () => string): SiteContext {
  const ids = new Map<string, number>();
  const random = createRandom(options.seed);
  const context: SiteContext = {
    options,
    state: emptyState(),
    clock: createClock(options.startsAt, options.stepMilliseconds),
    random,
    nextId: (kind) => {
      const id = (ids.get(kind) ?? 9_999) + 1;
      ids.set(kind, id);
      return id;
    },
    siteUrl,
    webhookView: (actor) => ({
      flavour: options.flavour,
      channel: 'webhook',
      api: '2',
      siteUrl: siteUrl(),
      offsetMinutes: offsetOf(actor.zone),
      state: context.state,
    }),
    emit: (emission) => {
      if (context.muted) return;
      const delivery = toDelivery(emission, ++context.sent, random);
      context.deliveries.push(delivery);
      context.onDelivery(delivery);
    },
    deliveries: [],
    onDelivery: () => {},
    sent: 0,
    muted: false,
  };
  return context;
}

function toDelivery(emission: Emission, sequence: number, random: SeededRandom): Delivery {
  return {
    sequence,
    identifier: `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-a${random.hex(3)}-${random.hex(12)}`,
    event: emission.event,
    at: emission.at,
    flow: emission.flow ?? 'Primary',
    entity: emission.entity,
    body: JSON.stringify(emission.body()),
  };
}
