import type { DotStore } from '../kernel/dot-store.ts'
import { entriesOf } from '../kernel/dot-store.ts'
import { compareText } from '../kernel/compare-text.ts'
import { dotsOnly, type BranchShape } from '../kernel/shape.ts'
import { fromText, isCanonicalText, type Plain } from '../plain.ts'

/** Plain data, each with the dots of those who put it there. */
export const elementsShape: BranchShape = {
  type: 'branch',
  below: dotsOnly,
  isKey: isCanonicalText,
}

/** The elements in the order of their texts. */
export function elementsOf<T extends Plain>(store: DotStore | undefined): readonly T[] {
  return sortedKeys(store).map((text) => fromText<T>(text))
}

/** The keys of a branch, in the order in which they are written. */
export function sortedKeys(store: DotStore | undefined): readonly string[] {
  return [...entriesOf(store).keys()].toSorted(compareText)
}

/** Whether it is the text of a text: the keys of maps are texts. */
export function isMapKey(text: string): boolean {
  return text.startsWith('"') && isCanonicalText(text)
}
