// Waiting in tests whose time passes only when they say so.

/** A `ManualClock`, as far as waiting needs one. */
interface VirtualTime {
  now(): number
  advanceAsync(ms: number): Promise<void>
}

/** How far time goes at once, in milliseconds: so little that what is waited for is noticed soon after it came. */
const stepMs = 5

/**
 * Lets time pass until `holds`.
 *
 * @param limitMs - of virtual time
 * @param state - for the error where it was in vain
 * @returns how long it took, in milliseconds of virtual time
 */
export async function passUntil(
  clock: VirtualTime,
  holds: () => boolean,
  limitMs: number,
  state: () => string = () => '',
): Promise<number> {
  const start = clock.now()
  await clock.advanceAsync(0)
  while (!holds()) {
    const elapsed = clock.now() - start
    if (elapsed >= limitMs) throw new Error(`Not within ${limitMs} ms\n${state()}`)
    await clock.advanceAsync(Math.min(stepMs, limitMs - elapsed))
  }
  return clock.now() - start
}

/**
 * Lets time pass until a promise settles; its outcome is the call's.
 *
 * @param until - which lets time pass until something holds
 */
export async function outcome<T>(
  promise: Promise<T>,
  until: (holds: () => boolean) => Promise<unknown>,
): Promise<T> {
  let isSettled = false
  const note = (): void => void (isSettled = true)
  promise.then(note, note)
  await until(() => isSettled)
  return await promise
}
