/** How a shape is drawn: for whom, through which door, in which zone. */
import type { Flavour } from '../model/records.ts';
import type { SiteState } from '../model/state.ts';

export interface View {
  readonly flavour: Flavour;
  /** Webhook bodies and REST answers differ in small ways (the name of the "to do" category, embedded pages). */
  readonly channel: 'webhook' | 'rest';
  /** v3 answers ADF documents, v2 wiki markup. Webhook bodies are v2. */
  readonly api: '2' | '3';
  readonly siteUrl: string;
  /** Offset written into every moment. */
  readonly offsetMinutes: number;
  readonly state: SiteState;
}

export function restUrl(view: View, path: string): string {
  return `${view.siteUrl}/rest/api/${view.api}/${path}`;
}
