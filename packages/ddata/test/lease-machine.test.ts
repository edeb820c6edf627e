// The machine of locks and semaphores against a model of it that is plain: whatever is called, times out, comes back or
// is taken over, both answer the same; and what was saved, or carried out again, goes on as what it was saved from.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  acquireCall,
  confirmCall,
  leaseCall,
  leaseCalls,
  readGrant,
  releaseAllCall,
  releaseCall,
  resizeCall,
} from '../src/kinds/lease/lease-calls.ts'
import { LeaseMachine } from '../src/kinds/lease/lease-machine.ts'
import { fenceOf, Tokens } from '../src/kinds/lease/tokens.ts'
import { readRecord, RecordWriter, type Command } from '../src/state/command.ts'
import { PartState, withdrawCode, type Onlooker } from '../src/state/part-state.ts'
import { readEnded } from '../src/state/result.ts'

const deaf: Onlooker = {
  answered: () => {},
  parked: () => {},
  offered: () => {},
  timerStarted: () => {},
  timerStopped: () => {},
  notice: () => {},
  isWatching: false,
  changed: () => {},
}

const declared = 3
const ttlMs = 30_000
const offerTimeoutMs = 1_000

type Step =
  | {
      readonly type: 'acquire'
      readonly session: number
      readonly name: number
      readonly owner: number
      readonly permits: number
      readonly mayWait: boolean
    }
  | { readonly type: 'release' | 'confirm' | 'withdraw' | 'time-out'; readonly which: number }
  | { readonly type: 'evict' | 'destroy'; readonly name: number }
  | { readonly type: 'resize'; readonly name: number; readonly permits: number }
  | { readonly type: 'back' | 'away' | 'close' | 'over'; readonly session: number }
  | { readonly type: 'take-over' }

// Most of what happens does so in one place: there it gets crowded.
const name = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constant(1) },
)
const session = fc.nat(4)
const which = fc.nat(20)

function stepOf(isLock: boolean): fc.Arbitrary<Step> {
  const permits = isLock ? fc.constant(1) : fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 4 }))
  const acquire = fc.record({
    type: fc.constant('acquire' as const),
    session,
    name,
    owner: fc.nat(1),
    permits,
    mayWait: fc.oneof(
      { weight: 4, arbitrary: fc.constant(true) },
      { weight: 1, arbitrary: fc.constant(false) },
    ),
  })
  const chosen = (type: 'release' | 'confirm' | 'withdraw' | 'time-out'): fc.Arbitrary<Step> =>
    fc.record({ type: fc.constant(type), which })
  return fc.oneof(
    { weight: 14, arbitrary: acquire },
    { weight: 5, arbitrary: chosen('release') },
    { weight: 6, arbitrary: chosen('confirm') },
    { weight: 1, arbitrary: chosen('withdraw') },
    { weight: 3, arbitrary: chosen('time-out') },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constantFrom('evict' as const, 'destroy' as const),
        name: fc.nat(1),
      }),
    },
    {
      weight: isLock ? 0 : 1,
      arbitrary: fc.record({
        type: fc.constant('resize' as const),
        name,
        permits: fc.integer({ min: 1, max: 4 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constantFrom('back' as const, 'away' as const, 'close' as const, 'over' as const),
        session,
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('take-over' as const) }) },
  )
}

interface Lease {
  readonly token: bigint
  readonly session: string
  readonly owner: number
  readonly permits: number
  readonly timer: number
}

interface Waiting {
  readonly key: string
  readonly session: string
  readonly number: number
  readonly owner: number
  readonly permits: number
  isOffered: boolean
}

interface Plain {
  size: number
  leases: Lease[]
  line: Waiting[]
}

/** What a call comes to, as far as it is not a grant: those have tokens that only the machine knows. */
type Answer = 'granted' | 'none' | 'parked' | 'true' | 'false' | 'done' | `CASTY_${string}` | number

/** Locks or semaphores of two names, as plainly as can be. */
class Model {
  readonly isLock: boolean
  readonly pools: readonly [Plain, Plain]
  readonly away = new Set<string>()

  constructor(isLock: boolean) {
    this.isLock = isLock
    this.pools = [this.#plain(), this.#plain()]
  }

  #plain(): Plain {
    return { size: this.isLock ? 1 : declared, leases: [], line: [] }
  }

  free({ size, leases, line }: Plain): number {
    const taken = [...leases, ...line.filter(({ isOffered }) => isOffered)]
    return size - taken.reduce((sum, { permits }) => sum + permits, 0)
  }

  acquire(pool: Plain, wish: Waiting, mayWait: boolean): Answer {
    if (wish.permits > pool.size) return 'CASTY_DDATA_ARGUMENT'
    const isHis = ({ session: other, owner }: Lease | Waiting): boolean =>
      other === wish.session && owner === wish.owner
    const isReentrant = this.isLock && [...pool.leases, ...pool.line].some(isHis)
    if (isReentrant && mayWait) return 'CASTY_DDATA_NOT_REENTRANT'
    const isFirst = !pool.line.some((one) => !one.isOffered && !this.away.has(one.session))
    if (!isReentrant && isFirst && wish.permits <= this.free(pool)) return 'granted'
    if (!mayWait) return 'none'
    pool.line.push(wish)
    return 'parked'
  }

  serve(): void {
    for (const pool of this.pools) {
      for (const one of pool.line) {
        if (one.isOffered || this.away.has(one.session)) continue
        if (one.permits > this.free(pool)) break
        one.isOffered = true
      }
    }
    for (const gone of this.away) {
      const isWaiting = this.pools.some(({ line }) => line.some((one) => one.session === gone))
      if (!isWaiting) this.away.delete(gone)
    }
  }
}

class Run {
  readonly isLock: boolean
  readonly model: Model
  readonly log: Uint8Array[] = []
  readonly #numbers = new Map<string, number>()
  /** What timers of offers belong to. */
  readonly #offers = new Map<number, string>()
  readonly #answers = new Map<string, Uint8Array>()
  readonly tokens: bigint[] = []
  state: PartState
  #lastTimer = 0
  #epoch = 1
  #at = 0

  constructor(isLock: boolean) {
    this.isLock = isLock
    this.model = new Model(isLock)
    this.state = this.#watched(new PartState(this.newMachine()))
  }

  newMachine(): LeaseMachine {
    return new LeaseMachine(this.isLock ? 'lock' : 'semaphore')
  }

  #watched(state: PartState): PartState {
    state.watchedBy({
      ...deaf,
      answered: ({ id }, number, answer) => void this.#answers.set(`${id}${number}`, answer),
      offered: ({ id }, number) => void this.#offers.set(this.#lastTimer, `${id}${number}`),
      timerStarted: (id) => void (this.#lastTimer = id),
    })
    return state
  }

  apply(command: Command): void {
    const writer = new RecordWriter()
    this.#at += 1
    writer.add({ command, at: this.#at })
    this.log.push(writer.take(this.#epoch))
    this.state.apply(command, this.#at, this.#epoch)
  }

  call(id: string, bytes: Uint8Array): string {
    const number = (this.#numbers.get(id) ?? 0) + 1
    this.#numbers.set(id, number)
    const call = {
      type: 'call',
      session: id,
      number,
      floor: 0,
      received: [],
      key: undefined,
      call: bytes,
    } as const
    this.apply(call)
    return `${id}${number}`
  }

  nextKey(id: string): { readonly key: string; readonly number: number } {
    const number = (this.#numbers.get(id) ?? 0) + 1
    return { key: `${id}${number}`, number }
  }

  address(index: number): {
    readonly name: string
    readonly shards: number
    readonly permits: number
  } {
    return { name: `name ${index}`, shards: 100, permits: this.isLock ? 1 : declared }
  }

  pool(index: number): Plain {
    return this.model.pools[index === 0 ? 0 : 1]
  }

  answer(key: string): {
    readonly answer: Answer
    readonly grant?: { token: bigint; timer: number }
  } {
    const bytes = this.#answers.get(key)
    if (!bytes) return { answer: 'parked' }
    const ended = readEnded(bytes)
    if (ended.type === 'refused') {
      // Each of them begins so.
      return { answer: ended.refusal.code as `CASTY_${string}` }
    }
    const grant = readGrant(ended.result)
    return grant ? { answer: 'granted', grant } : { answer: 'none' }
  }

  flag(key: string): boolean | undefined {
    const bytes = this.#answers.get(key)
    const ended = bytes && readEnded(bytes)
    return ended?.type === 'done' ? ended.result.bool() : undefined
  }

  granted(pool: Plain, key: string, wish: Waiting): void {
    const { answer, grant } = this.answer(key)
    expect(answer).toBe('granted')
    if (!grant) return
    this.tokens.push(grant.token)
    pool.leases.push({ ...wish, ...grant })
    if (this.isLock) expect(pool.leases.length).toBe(1)
  }

  carryOut(step: Step): void {
    switch (step.type) {
      case 'acquire': {
        const id = sessionOf(step.session)
        const { owner, permits, mayWait } = step
        const pool = this.pool(step.name)
        const waiting = { ...this.nextKey(id), session: id, owner, permits, isOffered: false }
        const wish = { owner, permits, ttlMs, offerTimeoutMs, mayWait }
        if (this.model.away.has(id)) this.back(id)
        const expected = this.model.acquire(pool, waiting, mayWait)
        const key = this.call(id, acquireCall(this.address(step.name), wish))
        expect(this.answer(key).answer).toBe(expected)
        if (expected === 'granted') this.granted(pool, key, waiting)
        return
      }
      case 'release': {
        const all = this.model.pools.flatMap((pool, index) =>
          pool.leases.map((lease) => ({ pool, index, lease })),
        )
        const chosen = all[step.which % Math.max(1, all.length)]
        if (!chosen) return
        const { pool, index, lease } = chosen
        const stranger = sessionOf((step.which % 3) + 1)
        const by = step.which > 17 ? stranger : lease.session
        const isHis = by === lease.session
        expect(this.flag(this.call(by, releaseCall(this.address(index), lease.token)))).toBe(isHis)
        if (isHis) pool.leases = pool.leases.filter((other) => other !== lease)
        return
      }
      case 'confirm': {
        const chosen = this.waiting(step.which)
        if (!chosen) return
        const { pool, one } = chosen
        if (this.model.away.has(one.session)) this.back(one.session)
        const { isOffered } = one
        expect(this.flag(this.call(one.session, confirmCall(one.number)))).toBe(isOffered)
        if (!isOffered) return
        pool.line = pool.line.filter((other) => other !== one)
        this.granted(pool, one.key, one)
        return
      }
      case 'withdraw': {
        const chosen = this.waiting(step.which)
        if (!chosen) return
        const { pool, one } = chosen
        this.call(one.session, Uint8Array.of(withdrawCode, one.number))
        expect(this.answer(one.key).answer).toBe('CASTY_DDATA_ABORTED')
        pool.line = pool.line.filter((other) => other !== one)
        return
      }
      case 'time-out': {
        const timers = [...this.state.timers.keys()]
        const timer = timers[step.which % Math.max(1, timers.length)]
        if (timer === undefined) return
        this.apply({ type: 'timed-out', timer })
        for (const pool of this.model.pools) {
          pool.leases = pool.leases.filter((lease) => lease.timer !== timer)
          for (const one of pool.line) {
            if (this.#offers.get(timer) !== one.key) continue
            one.isOffered = false
            this.model.away.add(one.session)
          }
        }
        return
      }
      case 'evict':
      case 'destroy':
        this.end(step.type, step.name)
        return
      case 'resize': {
        const pool = this.pool(step.name)
        this.call(sessionOf(0), resizeCall(this.address(step.name), step.permits))
        pool.size = step.permits
        const tooMany = pool.line.filter(({ permits }) => permits > step.permits)
        for (const { key } of tooMany) expect(this.answer(key).answer).toBe('CASTY_DDATA_ARGUMENT')
        pool.line = pool.line.filter(({ permits }) => permits <= step.permits)
        return
      }
      case 'back':
        this.back(sessionOf(step.session))
        return
      case 'away': {
        const id = sessionOf(step.session)
        this.apply({ type: 'session-away', session: id })
        this.model.away.add(id)
        return
      }
      case 'close':
      case 'over': {
        const id = sessionOf(step.session)
        const code = step.type === 'close' ? 'CASTY_DDATA_CLOSED' : 'CASTY_DDATA_SESSION_EXPIRED'
        if (step.type === 'close') this.call(id, releaseAllCall())
        else this.apply({ type: 'session-over', session: id })
        for (const pool of this.model.pools) {
          for (const one of pool.line)
            if (one.session === id) expect(this.answer(one.key).answer).toBe(code)
          pool.line = pool.line.filter((one) => one.session !== id)
          if (step.type === 'close') pool.leases = pool.leases.filter((one) => one.session !== id)
        }
        return
      }
      case 'take-over': {
        this.#epoch += 1
        const restored = new PartState(this.newMachine())
        for (const piece of this.state.save(64)) restored.restore(piece)
        this.state = this.#watched(restored)
      }
    }
  }

  end(how: 'evict' | 'destroy', index: number): void {
    const pool = this.pool(index)
    const existed = this.flag(
      this.call(sessionOf(0), leaseCall(leaseCalls[how], this.address(index))),
    )
    if (how === 'evict') expect(existed).toBe(pool.leases.length > 0)
    else if (pool.leases.length + pool.line.length > 0) expect(existed).toBe(true)
    pool.leases = []
    if (how === 'evict') return
    for (const { key } of pool.line) expect(this.answer(key).answer).toBe('CASTY_DDATA_DESTROYED')
    pool.line = []
    pool.size = this.isLock ? 1 : declared
  }

  back(id: string): void {
    this.apply({ type: 'session-back', session: id })
    this.model.away.delete(id)
    this.model.serve()
  }

  waiting(index: number): { readonly pool: Plain; readonly one: Waiting } | undefined {
    const all = this.model.pools.flatMap((pool) => pool.line.map((one) => ({ pool, one })))
    return all[index % Math.max(1, all.length)]
  }

  /** Both see the same. */
  compare(): void {
    this.model.serve()
    this.model.pools.forEach((pool, index) => {
      for (const { session: id, number, isOffered } of pool.line) {
        expect(this.state.machine.isOffered?.({ session: id, number })).toBe(isOffered)
        expect(this.state.machine.isAway?.(id)).toBe(this.model.away.has(id))
      }
      const read = leaseCall(leaseCalls.available, this.address(index))
      const ended = readEnded(this.state.read(read, 0))
      expect(ended.type === 'done' && ended.result.varint()).toBe(
        Math.max(0, this.model.free(pool)),
      )
    })
  }
}

function sessionOf(index: number): string {
  return `session ${index}`.padEnd(16, '.')
}

function bytesOf(state: PartState): readonly Uint8Array[] {
  return [...state.save(1_000_000)]
}

test.each(['lock', 'semaphore'] as const)(
  'a %s is granted in order, never more often than it exists, with tokens that grow',
  (kind) => {
    const isLock = kind === 'lock'
    fc.assert(
      fc.property(fc.array(stepOf(isLock), { maxLength: 60, size: 'max' }), (steps) => {
        const run = new Run(isLock)
        for (const step of steps) {
          run.carryOut(step)
          run.compare()
        }
        for (const [index, token] of run.tokens.entries()) {
          expect(token > (run.tokens[index - 1] ?? 0n)).toBe(true)
        }
        const again = new PartState(run.newMachine())
        for (const record of run.log) {
          const { epoch, commands } = readRecord(record)
          for (const { command, at } of commands) again.apply(command, at, epoch)
        }
        expect(bytesOf(again)).toEqual(bytesOf(run.state))
      }),
      { numRuns: 60 },
    )
  },
)

test('tokens grow within an epoch, beyond what one has room for, and from one to the next', () => {
  const tokens = new Tokens()
  const given = [tokens.next(1_700_000_000_000), tokens.next(1_700_000_000_000)]
  given.push(tokens.next(1_700_000_000_001))
  given.push(tokens.next(1_700_000_000_000))
  expect(given).toEqual([...given].sort((left, right) => (left < right ? -1 : 1)))
  expect(new Set(given).size).toBe(given.length)
  expect(given.map(fenceOf)).toEqual(given.map(fenceOf).sort())
  // So that tables can hold them in a signed number of 64 bits.
  expect(new Tokens().next(Date.UTC(2_100, 0)) < 2n ** 63n).toBe(true)
})

test('bytes that are no call are refused, and change nothing', () => {
  const codes = fc.constantFrom(...Object.values(leaseCalls), 99)
  fc.assert(
    fc.property(codes, fc.uint8Array({ maxLength: 40 }), (code, rest) => {
      const machine = new LeaseMachine('lock')
      const state = new PartState(machine)
      const answers: Uint8Array[] = []
      state.watchedBy({ ...deaf, answered: (_, __, answer) => void answers.push(answer) })
      const before = [...machine.save(1_000)]
      const call = Uint8Array.of(code, ...rest)
      const command = {
        session: sessionOf(0),
        number: 1,
        floor: 0,
        received: [],
        key: undefined,
        call,
      }
      state.apply({ type: 'call', ...command }, 1, 1)
      if (answers.some((answer) => readEnded(answer).type === 'done')) return
      expect(answers.length).toBe(1)
      expect([...machine.save(1_000)]).toEqual(before)
    }),
  )
})
