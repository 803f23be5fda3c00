/** Which addresses may be spoken to without encryption: this machine alone, and then nobody says who he is. */

/** Whether a host name means this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

export interface StorageAddress {
  host: string;
  port: number;
  /** Not encrypted: no credential is ever sent there. */
  plaintext: boolean;
}

/** `host` or `host:port`. */
export function storageAddress(endpoint: string): StorageAddress {
  const found = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(endpoint);
  const host = found?.[1] ?? endpoint;
  return { host, port: Number(found?.[2] ?? 443), plaintext: isLoopback(host) };
}

/** Whether the REST endpoint is spoken to without encryption. */
export function isPlaintext(endpoint: string | undefined): boolean {
  return endpoint?.startsWith('http:') ?? false;
}
