import { partsQuery } from '../contract/write.ts';
import type { SavedCatalogue, SavedSource } from './saved-catalogue.ts';

export interface View {
  schema: string;
  name: string;
  query: string;
  /** The table behind it. */
  source: string;
}

/** By `schema.name`. */
export type Views = Map<string, View>;

/** A view for each local table in the schema of its source. Remote tables have none: binding one needs the remote to be up. */
export function sourceViews(sources: Readonly<Record<string, SavedSource>>, dataDirectory: string): Views {
  const views: Views = new Map();
  for (const [source, { tables }] of Object.entries(sources)) {
    for (const [name, table] of Object.entries(tables)) {
      if (table.query_mode !== 'local' || !table.view) continue;
      views.set(`${source}.${name}`, { schema: source, name, query: partsQuery(dataDirectory, table), source });
    }
  }
  return views;
}

/** A flat view for each table that owns its name. */
export function flatViews(claims: Readonly<Record<string, string>>, views: Views): Views {
  const flat: Views = new Map();
  for (const [name, source] of Object.entries(claims)) {
    const view = views.get(`${source}.${name}`);
    if (view !== undefined) flat.set(`main.${name}`, { ...view, schema: 'main' });
  }
  return flat;
}

/** All views of the master that was written with this catalogue. */
export function viewsOf(saved: SavedCatalogue): Views {
  const views = sourceViews(saved.sources, saved.dataDirectory);
  return new Map([...views, ...flatViews(saved.claims, views)]);
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
