/** Choices of one step, drawn from its own seed: removing other steps never changes how this one chooses. */
import { createRandom } from '../model/random.ts';

export interface Draw {
  below(limit: number): number;
  pick<T>(items: readonly T[]): T | undefined;
  word(): string;
  text(): string;
  textOrNull(): string | null;
}

const words =
  'invoice login export naïve Übergabe řádek retry timeout 東京 null o’clock queue deploy "quoted" it\'s'.split(' ');

export function createDraw(seed: number): Draw {
  const random = createRandom(seed);
  const word = () => random.pick(words);
  const text = () => Array.from({ length: 2 + random.below(6) }, word).join(' ');
  return {
    below: random.below,
    pick: (items) => (items.length === 0 ? undefined : random.pick(items)),
    word,
    text,
    textOrNull: () => (random.below(4) === 0 ? null : text()),
  };
}
