/** Uploads blobs to an independent Azure peer (azurite) with plain REST and a SharedKey signature. */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Where an Azure Blob service answers: the account is the last part of the endpoint's path, as azurite wants it. */
export interface AzurePeer {
  blobEndpoint: string;
  account: string;
  key: string;
}

const version = '2020-10-02';

export async function createContainer(peer: AzurePeer, container: string): Promise<void> {
  const response = await send(peer, 'PUT', `/${container}`, { restype: 'container' }, Buffer.alloc(0));
  if (response.status !== 201 && response.status !== 409) throw await failure('create container', response);
}

export async function uploadBlob(
  peer: AzurePeer,
  container: string,
  name: string,
  path: string,
  contentType: string,
): Promise<void> {
  const headers = { 'x-ms-blob-type': 'BlockBlob', 'x-ms-blob-content-type': contentType };
  const response = await send(peer, 'PUT', `/${container}/${name}`, {}, readFileSync(path), headers);
  if (response.status !== 201) throw await failure('upload blob', response);
}

async function send(
  peer: AzurePeer,
  method: string,
  path: string,
  query: Record<string, string>,
  body: Buffer,
  extra: Record<string, string> = {},
): Promise<Response> {
  const headers: Record<string, string> = { ...extra, 'x-ms-date': new Date().toUTCString(), 'x-ms-version': version };
  const endpointPath = new URL(peer.blobEndpoint).pathname.replace(/\/$/, '');
  const canonicalHeaders = Object.keys(headers)
    .sort()
    .map((name) => `${name}:${headers[name]}\n`)
    .join('');
  const resource = `/${peer.account}${endpointPath}${path}${Object.entries(query)
    .sort()
    .map(([k, v]) => `\n${k}:${v}`)
    .join('')}`;
  const length = body.length === 0 ? '' : String(body.length);
  const toSign = `${method}\n\n\n${length}\n\n\n\n\n\n\n\n\n${canonicalHeaders}${resource}`;
  const signed = createHmac('sha256', Buffer.from(peer.key, 'base64')).update(toSign).digest('base64');
  const search = new URLSearchParams(query).toString();
  return fetch(`${peer.blobEndpoint.replace(/\/$/, '')}${path}${search ? `?${search}` : ''}`, {
    method,
    headers: { ...headers, authorization: `SharedKey ${peer.account}:${signed}` },
    body: new Uint8Array(body),
  });
}

async function failure(what: string, response: Response): Promise<Error> {
  return new Error(`Azure peer refused to ${what}: ${response.status} ${await response.text()}`);
}
