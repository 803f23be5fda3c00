/** A host nobody should trust: redirects and poisoned manifests lead here. */
import type { Listening } from '../http/listener.ts';
import { textReply } from '../http/reply.ts';
import type { Service } from '../service.ts';
import { findCarriedToken } from './carried-tokens.ts';

/** Where redirects lead; a request without credentials may come here, any other path is out of bounds. */
const redirectedPath = '/redirected';

export function trapListening(service: Service): Listening {
  return {
    name: 'trap',
    compress: false,
    identify: () => ({ route: 'trap', params: {} }),
    inspect(request) {
      const names = ['authorization', 'x-amz-security-token'].filter((name) => request.headers[name] !== undefined);
      const token = findCarriedToken(service, request);
      if (token) names.push(token);
      if (/(^|&)(sig|X-Amz-Signature|X-Amz-Security-Token)=/.test(request.rawQuery))
        names.push('signature in the query');
      if (names.length > 0) service.violations.record('credentials-after-redirect', names.join(', '), request.entry);
      else if (!request.rawPath.startsWith(redirectedPath))
        service.violations.record('forbidden-host', request.rawPath, request.entry);
    },
    answer: async () => textReply(200, 'text/plain', 'nothing to see here'),
  };
}
