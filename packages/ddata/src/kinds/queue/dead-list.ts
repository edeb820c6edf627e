import type { ByteReader } from '@casty/transport'
import type { CallTerms } from '../../session/pending.ts'
import type { PartCalls } from '../../structures/part.ts'
import { maxReasonBytes, queueCall, type QueueConfig } from './queue-calls.ts'
import type { DeadItem } from './queue-options.ts'

/** Asked for at once; an answer that would be too large has fewer. */
const pageItems = 100

/** The dead items of a queue, page by page: those that come meanwhile come too, each once. */
export async function* deadItems<T>(
  part: PartCalls,
  config: QueueConfig,
  terms: CallTerms & { readonly isStrict: boolean },
  value: (from: ByteReader) => T,
): AsyncGenerator<DeadItem<T>, void> {
  let after = 0
  for (;;) {
    const call = queueCall('deadList', config).varint(after).varint(pageItems).finish()
    // eslint-disable-next-line no-await-in-loop -- Each page begins where the one before ended.
    const page = await part.read(call, terms, (from) => readPage(from, value))
    for (const { id, value: item, deliveries, reason } of page) {
      yield { id, value: item, deliveries, reason }
    }
    const last = page.at(-1)
    if (!last) return
    after = last.number
  }
}

function readPage<T>(
  from: ByteReader,
  value: (from: ByteReader) => T,
): readonly (DeadItem<T> & { readonly number: number })[] {
  const items: (DeadItem<T> & { readonly number: number })[] = []
  while (from.bool()) {
    const number = from.varint()
    const [deliveries, reason] = [from.varint(), from.string(maxReasonBytes)]
    items.push({ number, id: String(number), deliveries, reason, value: value(from) })
  }
  return items
}
