/** What differs between two column lists, for people. */
import type { ColumnPlan } from '../connectors/read-way.ts';
import type { Column } from '../contract/shapes.ts';

/** One sentence for each column added, removed or retyped; none for a first publish. */
export function schemaChanges(before: readonly Column[] | null, after: readonly Column[]): string[] {
  if (before === null) return [];
  const old = new Map(before.map((column) => [column.name, column.type]));
  const now = new Map(after.map((column) => [column.name, column.type]));
  return [
    ...after.filter((column) => !old.has(column.name)).map((column) => `column ${column.name} ${column.type} added`),
    ...before.filter((column) => !now.has(column.name)).map((column) => `column ${column.name} removed`),
    ...after.flatMap((column) => {
      const type = old.get(column.name);
      return type === undefined || type === column.type
        ? []
        : [`column ${column.name} changed from ${type} to ${column.type}`];
    }),
  ];
}

/** The columns as they are published. */
export function publishedColumns(columns: readonly ColumnPlan[]): Column[] {
  return columns.map(({ name, type }) => ({ name, type }));
}
