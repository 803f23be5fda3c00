import { partsQuery } from '../contract/write.ts';
import type { SavedCatalogue } from './saved-catalogue.ts';

export interface View {
  schema: string;
  name: string;
  query: string;
  /** The table behind it. */
  source: string;
}

/** By `schema.name`. */
export type Views = Map<string, View>;

/** What views are made of. */
type Served = Pick<SavedCatalogue, 'sources' | 'dataDirectory'>;

/** A view for each local table of the sources `among`, in the schema of its source. Remote tables have none: binding one needs the remote to be up. */
export function sourceViews(served: Served, among: Iterable<string>): Views {
  const views: Views = new Map();
  for (const source of among) {
    for (const name of Object.keys(served.sources[source]?.tables ?? {})) {
      const view = viewOf(served, source, name);
      if (view !== null) views.set(`${source}.${name}`, view);
    }
  }
  return views;
}

/** A flat view for each table of `among` that owns its name. */
export function flatViews(served: Served, claims: Readonly<Record<string, string>>, among: Iterable<string>): Views {
  const flat: Views = new Map();
  for (const name of among) {
    const owner = claims[name];
    const view = owner === undefined ? null : viewOf(served, owner, name);
    if (view !== null) flat.set(`main.${name}`, { ...view, schema: 'main' });
  }
  return flat;
}

function viewOf({ sources, dataDirectory }: Served, source: string, name: string): View | null {
  const table = sources[source]?.tables[name];
  if (table === undefined || table.query_mode !== 'local' || !table.view) return null;
  return { schema: source, name, query: partsQuery(dataDirectory, table), source };
}

export interface ViewChanges {
  drop: View[];
  create: View[];
}

export function viewChanges(present: Views, wanted: Views): ViewChanges {
  return {
    drop: [...present].filter(([key]) => !wanted.has(key)).map(([, view]) => view),
    create: [...wanted].filter(([key, view]) => present.get(key)?.query !== view.query).map(([, view]) => view),
  };
}

export function schemasOf(views: Views): Set<string> {
  return new Set([...views.values()].map((view) => view.schema));
}
