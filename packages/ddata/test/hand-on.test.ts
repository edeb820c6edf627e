// How a lock goes from one to the next: who is next hears of it while the release is written, and has it once both are.
import { beforeEach, expect, test } from 'vitest'
import { PartHost } from '../src/host/part-host.ts'
import {
  acquireCall,
  confirmCall,
  readGrant,
  releaseCall,
  type Grant,
} from '../src/kinds/lease/lease-calls.ts'
import { LeaseMachine } from '../src/kinds/lease/lease-machine.ts'
import { readReply, RequestWriter, type ReplyEntry } from '../src/protocol/messages.ts'
import { readRecord } from '../src/state/command.ts'
import { PartState } from '../src/state/part-state.ts'
import { readEnded } from '../src/state/result.ts'
import { sessionBytes } from '../src/state/sessions.ts'

const address = { name: 'deploy', shards: 100, permits: 1 }
const wish = { owner: 1, permits: 1, ttlMs: 3_000, offerTimeoutMs: 1_000, mayWait: true }
const [first, second] = ['first'.padEnd(16), 'second'.padEnd(16)] as const

/** A part whose records are written when the test says so. */
class Desk {
  readonly records: Uint8Array[] = []
  readonly host: PartHost<string>
  #said: string[] = []
  grant: Grant | undefined

  constructor(state = new PartState(new LeaseMachine('lock')), epoch = 1) {
    const port = {
      epoch,
      now: () => 0,
      send: (peer: string, _: Uint8Array, body: Uint8Array) => {
        for (const entry of readReply(body).entries) this.#said.push(this.#told(peer, entry))
      },
      write: (record: Uint8Array) => void this.records.push(record.slice()),
    }
    const settings = { sessionTtlMs: 30_000, resultTtlMs: 600_000, maxUsers: 10 }
    this.host = new PartHost(state, port, { ...settings, maxRecordBytes: 65_536 })
  }

  #told(peer: string, entry: ReplyEntry): string {
    const who = peer.trimEnd()
    if (entry.type !== 'answer') return `${who} ${entry.type}`
    const ended = readEnded(entry.answer)
    if (ended.type !== 'done') return `${who} ${ended.refusal.code}`
    if (entry.number > 1) return `${who} ${ended.result.bool()}`
    this.grant = readGrant(ended.result)
    return `${who} granted`
  }

  /** What was said since the last time. */
  get said(): readonly string[] {
    const said = this.#said
    this.#said = []
    return said
  }

  call(session: string, number: number, call: Uint8Array): void {
    const writer = new RequestWriter()
    writer.add({ type: 'call', number, received: [], key: undefined, call })
    const head = { session: sessionBytes(session), isKnown: false, floor: 0 }
    this.host.receive(writer.take(head).slice(), session)
    this.host.flush()
  }

  release(): void {
    this.call(first, 2, releaseCall(address, this.grant?.token ?? 0n))
  }

  /** Another owner, who knows what is in the first so many records. */
  takenOver(records: number): Desk {
    const state = new PartState(new LeaseMachine('lock'))
    for (const record of this.records.slice(0, records)) {
      const { epoch, commands } = readRecord(record)
      for (const { command, at } of commands) state.apply(command, at, epoch)
    }
    return new Desk(state, 2)
  }
}

let desk: Desk

beforeEach(() => {
  desk = new Desk()
  desk.call(first, 1, acquireCall(address, wish))
  desk.host.written()
  desk.call(second, 1, acquireCall(address, wish))
  desk.host.written()
  expect(desk.said).toEqual(['first granted', 'second parked'])
})

test('who waits is offered a lock before its release is written, which is not answered yet', () => {
  desk.release()
  expect(desk.records).toHaveLength(3)
  expect(desk.said).toEqual(['second offered'])
  desk.host.written()
  expect(desk.said).toEqual(['first true'])
})

test('who takes a lock has it once both the release and that are written', () => {
  const before = desk.grant?.token ?? 0n
  desk.release()
  desk.call(second, 2, confirmCall(1))
  expect(desk.said).toEqual(['second offered'])
  desk.host.written()
  expect(desk.said).toEqual(['first true'])
  expect(desk.records).toHaveLength(4)
  desk.host.written()
  expect(desk.said).toEqual(['second granted', 'second true'])
  expect(desk.grant?.token).toBeGreaterThan(before)
})

test('a lock that is offered while another record is written is offered at once as well', () => {
  desk.call(second, 2, releaseCall({ ...address, name: 'other' }, 1n))
  desk.release()
  expect(desk.said).toEqual(['second offered'])
  desk.call(second, 3, confirmCall(1))
  desk.host.written()
  // The release and what takes the lock go with one record.
  expect([desk.records.length, desk.said]).toEqual([4, ['second false']])
  desk.host.written()
  expect(desk.said).toEqual(['first true', 'second granted', 'second true'])
})

test('where a release is lost, nobody has what was offered: it stays with its holder', () => {
  desk.release()
  desk.call(second, 2, confirmCall(1))
  const next = desk.takenOver(2)
  next.call(second, 2, confirmCall(1))
  next.host.written()
  expect(next.said).toEqual(['second false'])
  next.grant = desk.grant
  next.release()
  expect(next.said).toEqual(['second offered'])
})

test('who was offered a lock keeps its turn where the release is written, and that it takes it is not', () => {
  const before = desk.grant?.token ?? 0n
  desk.release()
  desk.call(second, 2, confirmCall(1))
  const next = desk.takenOver(3)
  next.call(second, 1, acquireCall(address, wish))
  expect(next.said).toEqual(['second parked', 'second offered'])
  next.call(second, 2, confirmCall(1))
  next.host.written()
  expect(next.said).toEqual(['second granted', 'second true'])
  expect(next.grant?.token).toBeGreaterThan(before)
})
