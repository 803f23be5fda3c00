/** Reads and judges `whereFilters` and the deprecated single filter. */
import type { Filter } from '../data/select.ts';
import { type Table, visibleColumns } from '../world.ts';
import type { Call } from './call.ts';
import { validation } from './errors.ts';

const filterFields = ['column', 'operator', 'values', 'dataType', 'type'];
const dataTypes = { snowflake: ['INTEGER', 'DOUBLE'], bigquery: ['INTEGER', 'DOUBLE', 'BIGINT', 'REAL', 'DECIMAL'] };

/** Every fault is one line of the answer, as the service lists them. */
export function readFilters(call: Call, table: Table, body: Record<string, unknown>): Filter[] {
  const list = (body.whereFilters as unknown[] | undefined) ?? [];
  const errors: string[] = [];
  const filters = list.map((raw, at): Filter => {
    const filter = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>;
    for (const name of Object.keys(filter)) {
      if (filterFields.includes(name)) continue;
      call.service.violations.record('unknown-field', `whereFilters[${at}].${name}`, call.request.entry);
      errors.push(`whereFilters[${at}][${name}]: This field was not expected.`);
    }
    if (typeof filter.column !== 'string') errors.push(`whereFilters[${at}][column]: This field is missing.`);
    if (!['eq', 'ne', 'gt', 'ge', 'lt', 'le'].includes(filter.operator as string)) {
      errors.push(`whereFilters[${at}][operator]: "${filter.operator}" is not a valid operator.`);
    }
    if (!Array.isArray(filter.values) || filter.values.length === 0)
      errors.push(`whereFilters[${at}][values]: Must be a non-empty array.`);
    const allowed = dataTypes[table.bucket.backend];
    if (filter.dataType !== undefined && !allowed.includes(String(filter.dataType))) {
      errors.push(`whereFilters[${at}][dataType]: must be one of ${allowed.join(', ')}.`);
    }
    const column = visibleColumns(table).find(({ name }) => name === filter.column);
    if (column && !column.canBeFiltered)
      errors.push(`whereFilters[${at}][column]: Column "${column.name}" cannot be filtered.`);
    return {
      column: String(filter.column),
      operator: String(filter.operator),
      values: Array.isArray(filter.values) ? filter.values.map(String) : [],
      dataType: filter.dataType as string | undefined,
    };
  });
  if (body.whereColumn !== undefined) {
    const operator = String(body.whereOperator ?? 'eq');
    if (!['eq', 'ne'].includes(operator)) errors.push(`whereOperator: "${operator}" is not one of eq, ne.`);
    const values = ([] as unknown[]).concat(body.whereValues ?? []).map(String);
    filters.push({ column: String(body.whereColumn), operator, values });
  }
  for (const filter of filters) {
    if (filter.values.length > 1 && !['eq', 'ne'].includes(filter.operator))
      errors.push(`${filter.column}: "${filter.operator}" takes one value.`);
    if (call.service.settings.oldBigquery && !['eq', 'ne'].includes(filter.operator))
      errors.push(`${filter.column}: operator not supported.`);
  }
  if (errors.length > 0) throw validation(errors);
  return filters;
}
