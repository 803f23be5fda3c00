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

/** The proposed name where it is free, else with the bucket before it. */
export function proposeRegistrations(offers: readonly Offer[], takenIds: Iterable<string>): Proposal[] {
  const taken = new Set(takenIds);
  return offers.map((offer): Proposal => {
    if (offer.registered_as.length > 0) return { offer, registered: offer.registered_as };
    const candidates = [offer.name, derived([offer.bucket ?? [], offer.source_table].flat().join('_'))].filter(
      (id) => id !== null,
    );
    const id = candidates.find((candidate) => !taken.has(candidate));
    if (id !== undefined) {
      taken.add(id);
      return { offer, id };
    }
    const [first] = candidates;
    return { offer, reason: first === undefined ? 'no id can be derived from its name' : `the id ${first} is taken` };
  });
}

function derived(label: string): string | null {
  try {
    return deriveTableId(label);
  } catch {
    return null;
  }
}
