/** Which addresses are this machine or its link, where no credential of a cloud belongs. Pure. */
import { isIPv4, isIPv6 } from 'node:net';

/** Whether a host name or literal means this machine. */
export function isLoopback(host: string): boolean {
  const name = bare(host);
  return name === 'localhost' || name.endsWith('.localhost') || (isAddress(name) && isLoopbackAddress(name));
}

/** Whether an IP address is loopback, link-local or unspecified: never a cloud's, often a target of a forged answer. */
export function isForbiddenAddress(address: string): boolean {
  const name = bare(address).toLowerCase();
  if (isIPv4(name)) return isLoopbackAddress(name) || name.startsWith('169.254.') || name.startsWith('0.');
  const mapped = /^::ffff:(.+)$/.exec(name)?.[1];
  if (mapped !== undefined) return isForbiddenAddress(isIPv4(mapped) ? mapped : dotted(mapped));
  return name === '::' || isLoopbackAddress(name) || /^fe[89ab]/.test(name);
}

/** Whether a host, by its name alone, may not receive a cloud's credentials. */
export function isForbiddenHost(host: string): boolean {
  const name = bare(host);
  return isLoopback(name) || (isAddress(name) && isForbiddenAddress(name));
}

function isAddress(name: string): boolean {
  return isIPv4(name) || isIPv6(name);
}

function isLoopbackAddress(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address === '0:0:0:0:0:0:0:1';
}

function bare(host: string): string {
  return host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
}

/** The last two groups of a mapped address as URLs print them: `7f00:1` is 127.0.0.1. */
function dotted(groups: string): string {
  const [high = 0, low = 0] = groups.split(':').map((group) => Number.parseInt(group, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
