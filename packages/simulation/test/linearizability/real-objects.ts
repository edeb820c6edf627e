// Objects that do what the models describe, written without them: whoever calls one of these at a
// single moment of each interval makes a linearizable history.
import type {
  CounterInput,
  CounterOutput,
  LockInput,
  LockOutput,
  MapInput,
  MapOutput,
  QueueInput,
  QueueOutput,
  RegisterInput,
  RegisterOutput,
  Scalar,
  SemaphoreInput,
  SemaphoreOutput,
  SetInput,
  SetOutput,
} from '@casty/simulation/linearizability'

/** Performs a call now; `undefined` if it would have to wait. */
export type RealObject<Input, Output> = (input: Input) => Output | undefined

export function realRegister(): RealObject<RegisterInput, RegisterOutput> {
  let value: Scalar | null = null
  return (input) => {
    if (input.type === 'read') return value
    if (input.type === 'compare-and-set' && value !== input.expected) return false
    value = input.value
    return input.type === 'write' ? 'done' : true
  }
}

export function realCounter(): RealObject<CounterInput, CounterOutput> {
  let value = 0
  return (input) => {
    if (input.type === 'increment') value += input.by ?? 1
    if (input.type === 'decrement') value -= input.by ?? 1
    return value
  }
}

export function realMap(): RealObject<MapInput, MapOutput> {
  const map = new Map<string, Scalar>()
  return (input) => {
    switch (input.type) {
      case 'get':
        return map.get(input.entry) ?? null
      case 'size':
        return map.size
      case 'clear':
        map.clear()
        return 'done'
      case 'remove':
        return map.delete(input.entry)
      case 'put-if-absent':
        if (map.has(input.entry)) return false
        break
      case 'compare-and-set':
        if ((map.get(input.entry) ?? null) !== input.expected) return false
        break
      case 'put':
        break
    }
    map.set(input.entry, input.value)
    return input.type === 'put' ? 'done' : true
  }
}

export function realSet(): RealObject<SetInput, SetOutput> {
  const set = new Set<string>()
  return (input) => {
    switch (input.type) {
      case 'size':
        return set.size
      case 'contains':
        return set.has(input.element)
      case 'remove':
        return set.delete(input.element)
      case 'add': {
        const before = set.size
        return set.add(input.element).size > before
      }
    }
  }
}

export function realLock(): RealObject<LockInput, LockOutput> {
  let holder: { owner: string; token: number } | undefined
  let lastToken = 0
  return (input) => {
    switch (input.type) {
      case 'acquire':
      case 'try-acquire':
        if (holder !== undefined) return input.type === 'acquire' ? undefined : null
        holder = { owner: input.owner, token: ++lastToken }
        return holder.token
      case 'release':
      case 'expire': {
        const owns = input.type === 'release' || input.owner === holder?.owner
        const holds = owns && holder?.token === input.token
        if (holds) holder = undefined
        return holds
      }
    }
  }
}

export function realSemaphore(permits: number): RealObject<SemaphoreInput, SemaphoreOutput> {
  let free = permits
  const taken = new Map<string, number>()
  const give = (owner: string, count: number): void => {
    free += count
    taken.set(owner, (taken.get(owner) ?? 0) - count)
  }
  return (input) => {
    switch (input.type) {
      case 'available':
        return free
      case 'acquire':
      case 'try-acquire':
        if (input.permits > free) return input.type === 'acquire' ? undefined : false
        give(input.owner, -input.permits)
        return input.type === 'acquire' ? 'done' : true
      case 'release':
        if ((taken.get(input.owner) ?? 0) < input.permits) return false
        give(input.owner, input.permits)
        return true
      case 'expire':
        give(input.owner, taken.get(input.owner) ?? 0)
        return 'done'
    }
  }
}

export function realQueue(): RealObject<QueueInput, QueueOutput> {
  const values: Scalar[] = []
  return (input) => {
    switch (input.type) {
      case 'enqueue':
        values.push(input.value)
        return 'done'
      case 'dequeue':
        return values.shift() ?? null
      case 'peek':
        return values[0] ?? null
      case 'size':
        return values.length
    }
  }
}
