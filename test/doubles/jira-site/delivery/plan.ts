/** What happens to deliveries on their way: order, repeats, loss. The same seed gives the same fate. */
import { createRandom, type SeededRandom } from '../model/random.ts';
import type { Delivery } from './delivery.ts';

export interface DeliveryPlan {
  seed?: number;
  order?: 'as-sent' | 'reversed' | 'shuffled';
  /** Share of events sent a second time with the same identifier. */
  duplicates?: number;
  /** Share of events sent a second time under another identifier, as two registrations do. */
  twins?: number;
  /** Share of events that never arrive, or a choice of them. */
  lost?: number | ((delivery: Delivery) => boolean);
}

/** One request to be made: the event and the identifier it carries. */
export interface PlannedDelivery {
  delivery: Delivery;
  identifier: string;
}

export function planDeliveries(deliveries: readonly Delivery[], plan: DeliveryPlan = {}): PlannedDelivery[] {
  const random = createRandom(plan.seed ?? 1);
  const kept = deliveries.filter((delivery) => !isLost(delivery, plan.lost ?? 0, random));
  const planned = kept.flatMap((delivery) => {
    const copies = [{ delivery, identifier: delivery.identifier }];
    if (random.next() < (plan.duplicates ?? 0)) copies.push({ delivery, identifier: delivery.identifier });
    if (random.next() < (plan.twins ?? 0)) copies.push({ delivery, identifier: twinOf(delivery.identifier) });
    return copies;
  });
  if (plan.order === 'shuffled') return random.shuffle(planned);
  return plan.order === 'reversed' ? planned.reverse() : planned;
}

/** The identifier the same event gets from a second registration. */
function twinOf(identifier: string): string {
  return `${identifier.slice(0, -4)}${identifier.endsWith('7777') ? '8888' : '7777'}`;
}

function isLost(delivery: Delivery, lost: number | ((delivery: Delivery) => boolean), random: SeededRandom): boolean {
  const draw = random.next();
  return typeof lost === 'function' ? lost(delivery) : draw < lost;
}
