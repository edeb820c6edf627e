// A part of a map against one that is plain, over calls, time and takeovers.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ByteReader } from '@casty/transport'
import { mapCall, readPut, writePut, type MapCall } from '../src/kinds/map/map-calls.ts'
import { MapMachine } from '../src/kinds/map/map-machine.ts'
import { readLetters } from '../src/values/letters.ts'
import { MachineWorld, savedOf, sessionOf } from './machines-world.ts'

const seed = 11
const bytes = (letter: number): Uint8Array => Uint8Array.of(letter)

interface Entry {
  readonly value: number
  readonly version: number
  readonly expiresAt: number
}

type Step = readonly [
  what: MapCall | 'time' | 'take-over' | 'scan-on',
  key: number,
  value: number,
  number: number,
]

const key = fc.nat(5)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.tuple(
      fc.constantFrom(
        'put', 'set', 'putIfAbsent', 'delete', 'getAndDelete', 'replace', 'replaceIfVersion', 'removeIf', 'touch',
        'putMany', 'deleteMany', 'get', 'getEntry', 'contains', 'size',
      ), // prettier-ignore
      key,
      fc.nat(2),
      fc.constantFrom(0, 0, 3, 5, 9),
    ),
  },
  { weight: 4, arbitrary: fc.tuple(fc.constant('time'), key, fc.nat(2), fc.integer({ min: 1, max: 6 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('clear', 'destroy'), key, fc.nat(2), fc.nat(2)) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom('take-over', 'scan-on'), key, fc.nat(1), fc.integer({ min: 1, max: 3 })) },
) // prettier-ignore

const config = { shards: 3, maxEntries: 0 }
const optional = (from: ByteReader): number | undefined =>
  from.bool() ? readLetters(from).charCodeAt(0) : undefined
const truth = (from: ByteReader): boolean => from.bool()
const whole = (from: ByteReader): number => from.varint()
const nothing = (): undefined => undefined

class Run {
  readonly world = new MachineWorld(() => new MapMachine())
  readonly model = new Map<number, Entry>()
  lastVersion = 0
  /** A scan that goes on while all else happens. */
  cursor = 0
  seen: number[] = []
  throughout = new Set<number>()

  expire(): void {
    for (const [of, { expiresAt }] of this.model) if (expiresAt <= this.world.now) this.remove(of)
  }

  remove(of: number): void {
    this.model.delete(of)
    this.throughout.delete(of)
  }

  call<T>(
    call: MapCall,
    write: (out: ReturnType<typeof mapCall>) => unknown,
    read: (from: ByteReader) => T,
  ) {
    const out = mapCall(call, config)
    write(out)
    return this.world.call(sessionOf(1), out.finish(), read)
  }

  read<T>(
    call: MapCall,
    write: (out: ReturnType<typeof mapCall>) => unknown,
    read: (from: ByteReader) => T,
  ) {
    const out = mapCall(call, config)
    write(out)
    return this.world.read(out.finish(), read)
  }

  version(of: number): number {
    const version = this.read('getEntry', (out) => out.bytes(bytes(of), 1), (from) => {
      if (!from.bool()) return 0
      readLetters(from)
      const found = from.varint()
      from.varint()
      return found
    }) // prettier-ignore
    return Number(version)
  }

  put(of: number, value: number, ttlMs: number): void {
    const expiresAt = ttlMs === 0 ? Infinity : this.world.now + ttlMs + 1
    const version = this.version(of)
    // Never used before, by any key.
    expect(version).toBeGreaterThan(this.lastVersion)
    this.lastVersion = version
    this.model.set(of, { value, version, expiresAt })
  }

  scanOn(limit: number): void {
    if (this.cursor === 0) {
      this.seen = []
      this.throughout = new Set(this.model.keys())
    }
    const found = this.read('scan', (out) => out.varint(this.cursor).varint(limit).varint(10_000).bool(false), (from) => {
      while (from.bool()) this.seen.push(readLetters(from).charCodeAt(0))
      return from.varint()
    }) // prettier-ignore
    this.cursor = Number(found)
    if (this.cursor !== 0) return
    for (const of of this.throughout) expect(this.seen.filter((one) => one === of)).toEqual([of])
    this.throughout.clear()
  }

  step([what, of, value, number]: Step): void {
    const { model, world } = this
    const known = model.get(of)
    const put = (out: ReturnType<typeof mapCall>): unknown =>
      writePut(out, bytes(of), bytes(value), number)
    switch (what) {
      case 'time':
        world.passTime(number)
        this.expire()
        return
      case 'take-over':
        world.takeOver(world.copies(number * 20)[value] ?? world.state)
        return
      case 'scan-on':
        this.scanOn(number)
        return
      case 'put':
        expect(this.call('put', put, optional)).toBe(known?.value)
        this.put(of, value, number)
        return
      case 'set':
        expect(this.call('set', put, nothing)).toBeUndefined()
        this.put(of, value, number)
        return
      case 'putIfAbsent':
        expect(this.call('putIfAbsent', put, optional)).toBe(known?.value)
        if (!known) this.put(of, value, number)
        return
      case 'delete':
        expect(this.call('delete', (out) => out.bytes(bytes(of), 1), truth)).toBe(model.has(of))
        this.remove(of)
        return
      case 'getAndDelete':
        expect(this.call('getAndDelete', (out) => out.bytes(bytes(of), 1), optional)).toBe(known?.value)
        this.remove(of)
        return
      case 'replace': {
        const holds = known?.value === 1
        expect(this.call('replace', (out) => put(out.bytes(bytes(1), 1) && out), truth)).toBe(holds)
        if (holds) this.put(of, value, number)
        return
      }
      case 'replaceIfVersion': {
        const version = value === 0 ? 0 : (known?.version ?? 0)
        const holds = version === (known?.version ?? 0)
        expect(this.call('replaceIfVersion', (out) => put(out.varint(version)), truth)).toBe(holds)
        if (holds) this.put(of, value, number)
        return
      }
      case 'removeIf': {
        const holds = known?.value === value
        const write = (out: ReturnType<typeof mapCall>): unknown =>
          out.bytes(bytes(value), 1).bytes(bytes(of), 1)
        expect(this.call('removeIf', write, truth)).toBe(holds)
        if (holds) this.remove(of)
        return
      }
      case 'touch': {
        const write = (out: ReturnType<typeof mapCall>): unknown => out.bytes(bytes(of), 1).varint(number + 1)
        expect(this.call('touch', write, truth)).toBe(known !== undefined)
        if (known) model.set(of, { ...known, expiresAt: world.now + number + 2 })
        return
      }
      case 'putMany': {
        const write = (out: ReturnType<typeof mapCall>): unknown => put(out.bool(value === 0).count(1))
        expect(this.call('putMany', write, whole)).toBe(known ? 0 : 1)
        if (!known || value !== 0) this.put(of, value, number)
        return
      }
      case 'deleteMany':
        expect(this.call('deleteMany', (out) => out.count(2).bytes(bytes(of), 1).bytes(bytes(of), 1), whole)).toBe(known ? 1 : 0)
        this.remove(of)
        return
      case 'clear':
      case 'destroy':
        expect(this.call(what, () => {}, what === 'clear' ? nothing : truth)).toBe(what === 'clear' ? undefined : model.size > 0)
        model.clear()
        this.throughout.clear()
        return
      case 'get':
        expect(this.read('get', (out) => out.bytes(bytes(of), 1), optional)).toBe(known?.value)
        return
      case 'contains':
        expect(this.read('contains', (out) => out.bytes(bytes(of), 1), truth)).toBe(model.has(of))
        return
      case 'size':
        expect(this.read('size', () => {}, whole)).toBe(model.size)
        return
      case 'getEntry':
        expect(this.version(of)).toBe(known?.version ?? 0)
        return
      default:
        throw new Error(`No step ${what}`)
    }
  } // prettier-ignore
}

test('a part of a map answers as a plain one does, whoever goes on with it', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), (steps) => {
      const run = new Run()
      for (const [index, each] of steps.entries()) {
        run.step(each)
        if (index % 6 !== 0) continue
        const [restored, replayed] = run.world.copies(30)
        const { saved, state } = run.world
        expect(savedOf(restored)).toBe(saved)
        expect(savedOf(replayed)).toBe(saved)
        expect(restored.machine.due()).toBe(state.machine.due())
        expect(replayed.machine.due()).toBe(state.machine.due())
        const ends = Array.from(run.model.values(), ({ expiresAt }) => expiresAt)
        expect(state.machine.due()).toBe(Math.min(Infinity, ...ends))
      }
    }),
    { seed, numRuns: 40 },
  )
})

test('the events of entries that end together are the same, whoever goes on with it', () => {
  const world = new MachineWorld(() => new MapMachine())
  for (const of of [5, 3, 9, 1, 7]) {
    const call = writePut(mapCall('set', config), bytes(of), bytes(0), 10).finish()
    world.call(sessionOf(1), call, nothing)
  }
  const [restored] = world.copies(30)
  world.events.length = 0
  world.passTime(11)
  const told = [...world.events]
  world.now = 0
  world.events.length = 0
  world.takeOver(restored)
  world.passTime(11)
  expect(world.events).toEqual(told)
  expect(told).toHaveLength(5)
})

test('no more entries are kept than are allowed', () => {
  const world = new MachineWorld(() => new MapMachine())
  const small = { shards: 1, maxEntries: 3 }
  for (let of = 0; of < 10; of++) {
    world.call(
      sessionOf(1),
      writePut(mapCall('set', small), bytes(of), bytes(0), 0).finish(),
      nothing,
    )
    expect(world.read(mapCall('size', small).finish(), whole)).toBe(Math.min(of + 1, 3))
  }
  const left = [7, 8, 9].map((of) =>
    world.read(mapCall('contains', small).bytes(bytes(of), 1).finish(), truth),
  )
  expect(left).toEqual([true, true, true])
})

/** A part of a map with room for three entries, and its calls. */
class FullMap {
  readonly world = new MachineWorld(() => new MapMachine())
  readonly #config = { shards: 1, maxEntries: 3 }

  /** As a host does. */
  #notes(): void {
    for (;;) {
      const note = this.world.state.machine.takeNote?.()
      if (!note) return
      this.world.perform({ type: 'noted', note })
    }
  }

  put(of: number): void {
    this.#notes()
    const call = writePut(mapCall('set', this.#config), bytes(of), bytes(0), 0)
    this.world.call(sessionOf(1), call.finish(), nothing)
  }

  touch(of: number): void {
    this.#notes()
    const call = mapCall('touch', this.#config).bytes(bytes(of), 1).varint(1_000)
    this.world.call(sessionOf(1), call.finish(), truth)
  }

  get(of: number): void {
    this.world.read(mapCall('get', this.#config).bytes(bytes(of), 1).finish(), optional)
  }

  get keys(): readonly number[] {
    const all = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    return all.filter(
      (of) =>
        this.world.read(mapCall('contains', this.#config).bytes(bytes(of), 1).finish(), truth) ===
        true,
    )
  }
}

test('the entry goes first that was used least recently: put, made to live longer, or read', () => {
  const map = new FullMap()
  for (const of of [1, 2, 3, 1, 4]) map.put(of)
  expect(map.keys).toEqual([1, 3, 4])
  map.touch(3)
  map.put(5)
  expect(map.keys).toEqual([3, 4, 5])
  map.get(4)
  map.get(3)
  map.put(6)
  expect(map.keys).toEqual([3, 4, 6])
  map.put(7)
  expect(map.keys).toEqual([3, 6, 7])
})

test('whoever goes on with a full map lets the same entries go', () => {
  const keys = fc.integer({ min: 1, max: 9 })
  const step = fc.tuple(fc.constantFrom('put', 'put', 'get', 'touch'), keys)
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const map = new FullMap()
      for (const [what, of] of steps) {
        map[what](of)
        const { saved } = map.world
        for (const copy of map.world.copies(30)) expect(savedOf(copy)).toBe(saved)
      }
      for (const copy of map.world.copies(30)) {
        const before = map.keys
        map.world.takeOver(copy)
        expect(map.keys).toEqual(before)
      }
      const [restored, replayed] = map.world.copies(30)
      const after = [restored, replayed].map((copy) => {
        map.world.takeOver(copy)
        map.world.log.length = 0
        map.put(1)
        map.put(2)
        return map.keys
      })
      expect(after[0]).toEqual(after[1])
    }),
    { seed, numRuns: 40 },
  )
})

test('what is saved is what was there, whatever comes before the last piece is taken', () => {
  const world = new MachineWorld(() => new MapMachine())
  const put = (of: number, value: number, ttlMs: number): void => {
    const call = writePut(mapCall('set', config), bytes(of), bytes(value), ttlMs).finish()
    world.call(sessionOf(1), call, nothing)
  }
  for (let of = 1; of < 20; of++) put(of, 1, of % 2)
  const before = Array.from(world.state.machine.save(20), String)
  const saving = world.state.machine.save(20)[Symbol.iterator]()
  const pieces: string[] = []
  for (let next = saving.next(), of = 1; !next.done; next = saving.next(), of++) {
    pieces.push(String(next.value))
    put(20 - of, 2, of % 2)
    world.call(sessionOf(1), mapCall('delete', config).bytes(bytes(of), 1).finish(), truth)
    world.passTime(1)
  }
  expect(pieces).toEqual(before)
})

test('pages of a scan go on where they were, also where what comes next has gone, and for many at once', () => {
  const world = new MachineWorld(() => new MapMachine())
  for (let of = 0; of < 100; of++) {
    const call = writePut(mapCall('set', config), bytes(of), bytes(0), 0).finish()
    world.call(sessionOf(1), call, nothing)
  }
  const page = (cursor: number): readonly [next: number, seen: readonly number[]] => {
    const call = mapCall('scan', config).varint(cursor).varint(7).varint(10_000).bool(false)
    const seen: number[] = []
    const next = world.read(call.finish(), (from) => {
      while (from.bool()) seen.push(readLetters(from).charCodeAt(0))
      return from.varint()
    })
    return [Number(next), seen]
  }
  const scans = Array.from({ length: 12 }, () => ({
    cursor: 0,
    seen: [] as number[],
    isOver: false,
  }))
  for (let round = 0; scans.some(({ isOver }) => !isOver) && round < 40; round++) {
    for (const [index, scan] of scans.entries()) {
      if (scan.isOver || (round + index) % 3 === 0) continue // They go at paces of their own.
      const [next, seen] = page(scan.cursor)
      scan.seen.push(...seen)
      scan.cursor = next
      scan.isOver = next === 0
    }
    const gone = round * 7 + 7 // With that, pages began that were to come.
    world.call(sessionOf(1), mapCall('delete', config).bytes(bytes(gone), 1).finish(), truth)
  }
  const stays = Array.from({ length: 100 }, (_, of) => of).filter((of) => of % 7 !== 0 || of === 0)
  for (const { isOver, seen } of scans) {
    expect(isOver).toBe(true)
    expect(seen.filter((of) => stays.includes(of))).toEqual(stays)
    expect(new Set(seen).size).toBe(seen.length)
  }
})

test.each([
  ['an unknown call', mapCall('get', config).finish().fill(200, 0, 1)],
  ['a map without shards', mapCall('configure', { shards: 0, maxEntries: 0 }).finish()],
  ['half a putMany', writePut(mapCall('putMany', config).bool(false).count(2), bytes(1), bytes(2), 0).u8(9).u8(9).finish()],
  ['half a deleteMany', mapCall('deleteMany', config).count(2).bytes(bytes(1), 1).u8(77).finish()],
  ['half a put', mapCall('put', config).bytes(bytes(1), 1).finish()],
])('%s changes nothing', (_what, call) => {
  for (const isConfigured of [false, true]) {
    const world = new MachineWorld(() => new MapMachine())
    if (isConfigured) {
      world.call(sessionOf(1), writePut(mapCall('set', config), bytes(1), bytes(1), 5).finish(), nothing)
    }
    const before = Array.from(world.state.machine.save(1_000), String)
    expect(world.call(sessionOf(2), call, readPut)).toBe('CASTY_DDATA_MALFORMED')
    expect(Array.from(world.state.machine.save(1_000), String)).toEqual(before)
    expect(world.state.machine.isEmpty).toBe(!isConfigured)
  }
}) // prettier-ignore

test('a life that is as long as can be said is kept and restored', () => {
  const world = new MachineWorld(() => new MapMachine())
  world.passTime(1_000)
  const call = writePut(mapCall('set', config), bytes(1), bytes(1), Number.MAX_SAFE_INTEGER)
  expect(world.call(sessionOf(1), call.finish(), nothing)).toBeUndefined()
  expect(savedOf(world.copies(100)[0])).toBe(world.saved)
})

test('an answer to many keys ends before it is too long for a frame', () => {
  const world = new MachineWorld(() => new MapMachine())
  const large = new Uint8Array(100_000)
  for (let of = 0; of < 5; of++) {
    world.call(
      sessionOf(1),
      writePut(mapCall('set', config), bytes(of), large, 0).finish(),
      nothing,
    )
  }
  const call = mapCall('getMany', config).count(5)
  for (let of = 0; of < 5; of++) call.bytes(bytes(of), 1)
  const found = world.read(call.finish(), (from) => {
    let count = 0
    for (; from.remaining > 0; count++)
      expect(from.bool() && readLetters(from).length).toBe(100_000)
    return count
  })
  expect(found).toBe(2)
})

test('what is known of lives does not grow with how often one is made longer', () => {
  const machine = new MapMachine()
  const world = new MachineWorld(() => machine)
  for (let left = 2_500; left > 0; left--) {
    world.log.length = 0
    world.now += 1
    world.state.apply({ type: 'advance' }, world.now, 1)
    const call = writePut(mapCall('set', config), bytes(1), bytes(1), 1_000_000).finish()
    world.call(sessionOf(left % 2), call, nothing)
  }
  expect(machine.endsKept).toBeLessThan(1_100)
})

test('a scan tells each key once, however small its pages are', () => {
  const world = new MachineWorld(() => new MapMachine())
  for (let of = 0; of < 10; of++) {
    world.call(
      sessionOf(1),
      writePut(mapCall('set', config), bytes(of), bytes(0), 0).finish(),
      nothing,
    )
  }
  for (const limit of [1, 2, 3, 9, 10, 11]) {
    const seen: number[] = []
    let cursor = 0
    do {
      const call = mapCall('scan', config).varint(cursor).varint(limit).varint(10_000).bool(false)
      const next = world.read(call.finish(), (from) => {
        while (from.bool()) seen.push(readLetters(from).charCodeAt(0))
        return from.varint()
      })
      cursor = Number(next)
    } while (cursor !== 0 && seen.length < 100)
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  }
})
