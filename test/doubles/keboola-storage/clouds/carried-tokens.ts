/** No host but the storage API may ever see a storage token. */
import type { Incoming } from '../http/listener.ts';
import type { Service } from '../service.ts';

export function findCarriedToken(service: Service, request: Incoming): string | undefined {
  if (request.headers['x-storageapi-token'] !== undefined) return 'header x-storageapi-token';
  const places = { ...request.headers, query: safeDecode(request.rawQuery), body: request.body.toString('latin1') };
  for (const [place, value] of Object.entries(places)) {
    if (service.tokens.some((token) => value.includes(token.value))) return place;
  }
  return undefined;
}

export function inspectCloud(service: Service, request: Incoming): void {
  const place = findCarriedToken(service, request);
  if (place) service.violations.record('token-at-cloud', `a storage token in ${place}`, request.entry);
  if (!['GET', 'HEAD'].includes(request.method)) {
    service.violations.record('write-at-cloud', `${request.method} on ${request.rawPath}`, request.entry);
  }
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
