/** Marks a setting as a path: a relative one is taken from the folder of the configuration file, wherever `da` is started. */
import { z } from 'zod';

export const pathSettings = z.registry<{ path: true }>();

/** A path setting; the mark goes on last, because describing a schema makes a copy without it. */
export function filePath(description: string): z.ZodString {
  return z.string().min(1).describe(description).register(pathSettings, { path: true });
}
