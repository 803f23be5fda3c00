/** The short forms in which tests write columns and metadata. */
import { serviceDate } from '../clock.ts';
import { basetypeOf } from '../data/types.ts';
import type { Service } from '../service.ts';
import type { Column, Metadata } from '../world.ts';

export interface MetadataSpec {
  key: string;
  value: string;
  provider?: string;
  timestamp?: string;
}

/** With `type` the column (and so its table) is typed; without, it is classic and only metadata speak of types. */
export interface ColumnSpec {
  name: string;
  type?: string;
  length?: string | number;
  nullable?: boolean;
  canBeFiltered?: boolean;
  metadata?: MetadataSpec[];
}

export function makeColumns(service: Service, specs: (string | ColumnSpec)[]): Column[] {
  return specs.map((given, slot): Column => {
    const spec = typeof given === 'string' ? { name: given } : given;
    const column = { name: spec.name, slot, canBeFiltered: spec.canBeFiltered ?? true };
    if (!spec.type) return { ...column, metadata: makeMetadata(service, spec.metadata ?? []) };
    const basetype = basetypeOf(spec.type, spec.length);
    const definition = {
      type: spec.type,
      nullable: spec.nullable ?? true,
      ...(spec.length === undefined ? {} : { length: spec.length }),
    };
    // The service describes a typed column in metadata as well, under the provider "storage".
    const described = Object.entries({
      type: spec.type,
      nullable: definition.nullable ? '1' : '',
      basetype,
      length: spec.length,
    })
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ({ key: `KBC.datatype.${key}`, value: String(value), provider: 'storage' }));
    return {
      ...column,
      definition,
      basetype,
      metadata: makeMetadata(service, [...described, ...(spec.metadata ?? [])]),
    };
  });
}

export function makeMetadata(service: Service, specs: MetadataSpec[]): Metadata[] {
  return specs.map(({ key, value, provider = 'user', timestamp = serviceDate(service.clock.now()) }) => ({
    id: String(service.nextId()),
    key,
    value,
    provider,
    timestamp,
  }));
}
