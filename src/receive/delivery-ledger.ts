/**
 * Which deliveries are stored already, so that one that comes again is answered and neither stored nor published again. It saves work and decides nothing: what an
 * event means is the same however often it is applied, so a lost ledger costs that work, and two deliveries of one event under two identifiers are both taken.
 */
import { createHash } from 'node:crypto';

/** Hours of everyday load and minutes of a storm; a retry comes within minutes. */
const mostKept = 100_000;

export class DeliveryLedger {
  private readonly sequences = new Map<string, number>();

  /** Names a delivery by its identifier and its bytes: the identifier is outside of the signature, so alone it proves nothing. Null without one. */
  nameOf(identifier: string | null, body: Buffer): string | null {
    if (identifier === null) return null;
    return createHash('sha256').update(JSON.stringify(identifier)).update(body).digest().toString('latin1', 0, 16);
  }

  /** The place of a delivery that is stored; null when it is new. */
  find(name: string | null): number | null {
    return name === null ? null : (this.sequences.get(name) ?? null);
  }

  /** A delivery is safe. */
  add(name: string | null, sequence: number): void {
    if (name === null) return;
    this.sequences.set(name, sequence);
    if (this.sequences.size <= mostKept) return;
    const [oldest] = this.sequences.keys();
    this.sequences.delete(oldest!);
  }
}
