/** `GET /api/sync/manifest`. */
import type { Catalogue } from '../../orchestrator/shapes.ts';
import { decide } from '../access.ts';
import { matchesNone } from '../files/etag.ts';
import { buildManifest, type Manifest, ManifestCache, manifestSchema, stampManifest } from '../manifest.ts';
import { type Call, defineRoute, type Route } from '../route.ts';
import type { ServerParts } from '../server-parts.ts';

export function manifestRoutes({ master }: ServerParts): Route[] {
  const cache = new ManifestCache();
  return [
    defineRoute({
      method: 'GET',
      path: '/api/sync/manifest',
      summary: 'Every table the caller may read, with its parts and their hashes',
      action: 'read_catalogue',
      answers: {
        200: { description: 'The manifest', schema: manifestSchema },
        304: { description: 'Nothing has changed since the tag in If-None-Match' },
      },
      handle: async ({ principal, request, reply }) => {
        const manifest = manifestFor(principal, await master.settled());
        reply.headers({ etag: manifest.tag, 'cache-control': 'private, no-cache' });
        if (matchesNone(request.headers['if-none-match'], manifest.tag)) return reply.code(304).send();
        reply.type('application/json; charset=utf-8');
        return stampManifest(manifest, new Date());
      },
    }),
  ];

  function manifestFor(principal: Call['principal'], catalogue: Catalogue): Manifest {
    const mayRead = (id: string) => principal !== null && decide(principal, 'read_table', id).allowed;
    const everything = [...catalogue.tables.keys()].every(mayRead);
    if (everything) return cache.of(catalogue);
    return buildManifest(
      catalogue.generation,
      [...catalogue.tables.values()].filter((table) => mayRead(table.id)),
    );
  }
}
