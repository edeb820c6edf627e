/** What one read of a part gave, and the cursor of the next one; 0 where there is nothing more. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next: number
}

/** So many parts are read ahead of the one that is told, and no more: each of their pages is kept until its turn. */
const maxPartsAhead = 8

/**
 * All that parts hold, one part after the other. While a page is told, the next one is on its way already, and the first ones
 * of parts behind it: few at the beginning, since many a scan is left soon.
 */
export async function* scanParts<T>(
  parts: number,
  read: (part: number, cursor: number) => Promise<Page<T>>,
): AsyncGenerator<T, void> {
  const ahead: Promise<Page<T>>[] = []
  for (let part = 0, asked = 0; part < parts; part++) {
    for (; asked < Math.min(parts, part + 1 + Math.min(part, maxPartsAhead)); asked++) {
      ahead.push(kept(read(asked, 0)))
    }
    let coming = ahead.shift()
    while (coming) {
      // eslint-disable-next-line no-await-in-loop -- In order.
      const { items, next } = await coming
      coming = next > 0 ? kept(read(part, next)) : undefined
      yield* items
    }
  }
}

/** It may fail when nobody asks for it any more. */
function kept<T>(page: Promise<T>): Promise<T> {
  page.catch(() => {})
  return page
}
