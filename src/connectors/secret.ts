/** Marks a setting as secret: forms hide it, `config show` masks it, logs and errors redact it. */
import { z } from 'zod';

export const secretSettings = z.registry<{ secret: true }>();

/** A text setting whose value is never shown. */
export function secret(): z.ZodString {
  return z.string().min(1).register(secretSettings, { secret: true });
}
