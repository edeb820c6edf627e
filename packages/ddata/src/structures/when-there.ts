// Calls leave in the order in which they are made. So nothing waits for what is there: only a schema may take its time.

/** Not of what users hand in, which may be a promise by mistake. */
export type Soon<T> = T | Promise<T>

/** What `act` makes of it: at once where it is there. */
export function whenThere<T, R>(value: Soon<T>, act: (value: T) => Promise<R>): Promise<R>
export function whenThere<T, R>(value: Soon<T>, act: (value: T) => Soon<R>): Soon<R>
export function whenThere<T, R>(value: Soon<T>, act: (value: T) => Soon<R>): Soon<R> {
  return value instanceof Promise ? value.then(act) : act(value)
}

/** What `act` promises, or a promise that rejects with what it throws: as an async function, without a promise of its own. */
export function promised<T>(act: () => Promise<T>): Promise<T> {
  try {
    return act()
  } catch (error) {
    return Promise.reject(error as Error) // Whatever it is, as it is.
  }
}

/** What is made of each: at once where all of it is there. */
export function eachWhenThere<T, R>(all: readonly T[], make: (one: T) => Soon<R>): Soon<R[]> {
  const made: R[] = []
  for (const one of all) {
    const next = make(one)
    if (next instanceof Promise) return goneOn(made, next, all.slice(made.length + 1), make)
    made.push(next)
  }
  return made
}

/** The rest begins behind the first that takes its time: so none fails where nobody waits for it. */
async function goneOn<T, R>(
  made: readonly R[],
  next: Promise<R>,
  rest: readonly T[],
  make: (one: T) => Soon<R>,
): Promise<R[]> {
  return [...made, await next, ...(await Promise.all(rest.map(async (one) => await make(one))))]
}
