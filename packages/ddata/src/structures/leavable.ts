// Loops that can be left while their next item is waited for. A generator by itself ends once it has that.

const isOver: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** Aborts as the signal does, or when the loop is left. For the generator that it was handed to, until that ends. */
export type UntilLeft = (signal?: AbortSignal) => AbortSignal

/**
 * As the generator, but that it ends at once when it is left.
 *
 * @param begin - has what it waits for end by the signal that it gets
 */
export function leavable<T>(
  begin: (untilLeft: UntilLeft) => AsyncGenerator<T, void>,
): AsyncGenerator<T, void> {
  const ending = new AbortController()
  let isLeft = false
  let letGo = (): void => {}
  const items = begin((signal) => {
    const abort = (): void => ending.abort(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    letGo = () => signal?.removeEventListener('abort', abort)
    return ending.signal
  })
  const next = async (): Promise<IteratorResult<T, void>> => {
    try {
      const result = await items.next()
      if (result.done === true) letGo()
      return isLeft ? isOver : result
    } catch (error) {
      letGo()
      if (isLeft) return isOver
      throw error
    }
  }
  const leave = async (): Promise<IteratorReturnResult<undefined>> => {
    isLeft = true
    letGo()
    ending.abort()
    await items.return()
    return isOver
  }
  return {
    next,
    return: leave,
    throw: async (error) => {
      letGo()
      ending.abort()
      return await items.throw(error)
    },
    [Symbol.asyncIterator]() {
      return this
    },
    [Symbol.asyncDispose]: async () => void (await leave()),
  }
}
