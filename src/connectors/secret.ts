/** Marks a setting as secret: forms hide it, `config show` masks it, logs and errors redact it. */
import { z } from 'zod';

export const secretSettings = z.registry<{ secret: true }>();

/** A text setting whose value is never shown; the mark goes on last, because describing a schema makes a copy without it. */
export function secret(description = ''): z.ZodString {
  return z.string().min(1).describe(description).register(secretSettings, { secret: true });
}
