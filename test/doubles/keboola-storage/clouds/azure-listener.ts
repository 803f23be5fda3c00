/** Azure Blob, account in the path, reads under a SAS of one container. */
import type { Incoming, Listening } from '../http/listener.ts';
import { type Reply, textReply } from '../http/reply.ts';
import type { Service } from '../service.ts';
import { inspectCloud } from './carried-tokens.ts';
import { checkSas, type SasVerdict } from './sas.ts';
import { type CloudError, serveObject } from './serve-object.ts';

export function azureListening(service: Service): Listening {
  return {
    name: 'azure',
    compress: false,
    identify(_method, rawPath) {
      const { container, blob } = addressOf(rawPath);
      return {
        route: blob === '' ? 'list' : blob.endsWith('manifest') ? 'manifest' : 'slice',
        params: { bucket: container, key: blob },
      };
    },
    inspect: (request) => inspectCloud(service, request),
    answer: async (request) => answerAzure(service, request),
  };
}

export function azureError({ status, code, message }: CloudError): Reply {
  const text = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  const reply = textReply(status, 'application/xml', text);
  return { ...reply, headers: { ...reply.headers, 'x-ms-error-code': code } };
}

function answerAzure(service: Service, request: Incoming): Reply {
  const { account, container, blob } = addressOf(request.rawPath);
  const { query, entry } = request;
  const target = { account, container, blob, key: service.azure.key, nowMs: service.clock.now() };
  const verdict =
    account === service.azure.account ? checkSas(query, { ...target, need: blob === '' ? 'l' : 'r' }) : 'bad-signature';
  if (verdict === 'no-sas') service.violations.record('unauthenticated-slice', request.rawPath, entry);
  const grant = service.credentials.azure(query);
  if (grant && grant.bucket !== container)
    service.violations.record('foreign-bucket', `SAS of ${grant.bucket} at ${container}`, entry);
  if (verdict !== 'ok') return azureError(refusals[verdict]);
  if (grant && service.clock.now() >= grant.expiresMs) return azureError(refusals['outside-time']);
  if (!['GET', 'HEAD'].includes(request.method)) return azureError(refusals['no-permission']);
  if (blob === '') return listContainer(service, container, query.get('prefix') ?? '');
  const object = service.store.get('azure', container, blob);
  if (!object) return azureError({ status: 404, code: 'BlobNotFound', message: 'The specified blob does not exist.' });
  if (service.clock.now() < object.createdMs + service.settings.freshForbiddenMs)
    return azureError(refusals['no-permission']);
  const ranged = request.headers['x-ms-range'] ?? request.headers.range;
  return serveObject(request, object, {
    etag: `"0x${object.md5.toString('hex').slice(0, 15).toUpperCase()}"`,
    headers: {
      'x-ms-blob-type': 'BlockBlob',
      'x-ms-version': '2020-10-02',
      [ranged ? 'x-ms-blob-content-md5' : 'content-md5']: object.md5.toString('base64'),
    },
    fail: azureError,
  });
}

const refusals: Record<Exclude<SasVerdict, 'ok'>, CloudError> = {
  'no-sas': {
    status: 409,
    code: 'PublicAccessNotPermitted',
    message: 'Public access is not permitted on this storage account.',
  },
  'bad-signature': { status: 403, code: 'AuthenticationFailed', message: 'Server failed to authenticate the request.' },
  'outside-time': {
    status: 403,
    code: 'AuthenticationFailed',
    message: 'Signature not valid in the specified time frame',
  },
  'no-permission': {
    status: 403,
    code: 'AuthorizationPermissionMismatch',
    message: 'This request is not authorized to perform this operation.',
  },
};

function listContainer(service: Service, container: string, prefix: string): Reply {
  const blobs = service.store
    .list('azure', container, prefix)
    .map(
      ({ key, size }) =>
        `<Blob><Name>${key}</Name><Properties><Content-Length>${size}</Content-Length></Properties></Blob>`,
    );
  return textReply(
    200,
    'application/xml',
    `<EnumerationResults ContainerName="${container}"><Blobs>${blobs.join('')}</Blobs><NextMarker/></EnumerationResults>`,
  );
}

function addressOf(rawPath: string): { account: string; container: string; blob: string } {
  const [, account = '', container = '', ...rest] = rawPath.split('/').map(decodeURIComponent);
  return { account, container, blob: rest.join('/') };
}
