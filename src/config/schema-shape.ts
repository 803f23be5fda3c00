/** Looks into a schema: what lies under its optional, defaulted and transformed layers. */
import type { z } from 'zod';

/** The keys of an object schema with their schemas; none for any other schema. */
export function shapeOf(schema: z.ZodType): Record<string, z.ZodType> {
  const inner = innermost(schema);
  return 'shape' in inner ? (inner.shape as Record<string, z.ZodType>) : {};
}

/** A schema without the layers around it. */
export function innermost(schema: z.ZodType): z.ZodType {
  const { def } = schema as unknown as { def: { innerType?: z.ZodType; in?: z.ZodType } };
  const next = def.innerType ?? def.in;
  return next === undefined ? schema : innermost(next);
}
