/** Turns what a source offers into registrations with ids that are free. Pure. */
import { deriveTableId } from '../contract/identity.ts';

/** One table as a source offers it. */
export interface Offer {
  bucket: string | null;
  source_table: string;
  /** Proposed table id. */
  name: string | null;
  description: string | null;
  kind: string;
  primary_key: string[];
  rows: number | null;
  registered_as: string[];
}

export type Proposal =
  | { offer: Offer; id: string }
  | { offer: Offer; registered: string[] }
  /** No id fits; a person has to choose one. */
  | { offer: Offer; reason: string };

/** The proposed name where it is free, else with the bucket before it. A table that is called just so comes before one that only sounds like it. */
export function proposeRegistrations(offers: readonly Offer[], takenIds: Iterable<string>): Proposal[] {
  const taken = new Set(takenIds);
  const proposals = new Map<Offer, Proposal>();
  const isExact = ({ name, source_table }: Offer) => name === source_table;
  for (const offer of [...offers.filter(isExact), ...offers.filter((other) => !isExact(other))])
    proposals.set(offer, proposal(offer, taken));
  return offers.map((offer) => proposals.get(offer) as Proposal);
}

function proposal(offer: Offer, taken: Set<string>): Proposal {
  if (offer.registered_as.length > 0) return { offer, registered: offer.registered_as };
  const candidates = [offer.name, withBucket(offer)].filter((id) => id !== null);
  const id = candidates.find((candidate) => !taken.has(candidate));
  if (id !== undefined) {
    taken.add(id);
    return { offer, id };
  }
  const [first] = candidates;
  return { offer, reason: first === undefined ? 'no id can be derived from its name' : `the id ${first} is taken` };
}

/** Null for a name of which no letter is left: the bucket alone would be an id that speaks of something else. */
function withBucket({ bucket, source_table }: Offer): string | null {
  const isSilent = derived(`t_${source_table}`) === 't';
  return isSilent ? null : derived([bucket ?? [], source_table].flat().join('_'));
}

function derived(label: string): string | null {
  try {
    return deriveTableId(label);
  } catch {
    return null;
  }
}
