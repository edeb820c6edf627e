// Whoever sends to entities, on a node or outside, has an eye on what becomes of it.
import type { EntityRegion } from '@casty/sharding'
import { whenOverdue, type WaitedClock } from '../world/overdue.ts'
import type { ClientLetter, Reply } from './entities.ts'
import { keyOf, recordOf, type ShardingRecord, type TypeName } from './record.ts'
import type { ShardingRun } from './sharding-run.ts'

/** After the deadline of a question, its end may take so long, in milliseconds. */
const slackMs = 20

export interface SendOptions {
  readonly isAsk: boolean
  readonly isRead: boolean
  readonly workMs: number
  readonly timeoutMs: number
}

/** Who sends. */
export interface SenderPort {
  readonly host: string
  /** As no other has it. */
  readonly name: string
  readonly clock: WaitedClock
  isAlive(): boolean
  /** When what it does now happens, in the world's time. */
  now(): number
}

export type Regions = Readonly<Record<TypeName, EntityRegion<ClientLetter>>>

export class Sender {
  readonly #port: SenderPort
  readonly #record: ShardingRecord
  readonly #regions: Regions

  constructor(run: ShardingRun, port: SenderPort, regions: Regions) {
    this.#port = port
    this.#record = recordOf(run)
    this.#regions = regions
  }

  /** @returns whether it was answered, where it is a question */
  send(
    type: TypeName,
    entityId: string,
    { isAsk, isRead, workMs, timeoutMs }: SendOptions,
  ): Promise<boolean> {
    const [record, key] = [this.#record, keyOf(type, entityId)]
    const [uid, from] = [record.nextUid(), this.#port.name]
    const seq = record.letters.nextSeq(from, key)
    const letter = { type: isRead ? 'get' : 'add', uid, from, seq, workMs } as const
    const at = this.#port.now()
    record.letters.sent(letter, key, at, isAsk)
    const region = this.#regions[type]
    if (isAsk) {
      if (type !== 'tally') record.answers.asked(uid, letter.type, key, at)
      return this.#ask(region, entityId, letter, timeoutMs)
    }
    region.tell(entityId, letter)
    return Promise.resolve(true)
  }

  async #ask(
    region: EntityRegion<ClientLetter>,
    entityId: string,
    letter: Omit<ClientLetter, 'replyTo'>,
    timeoutMs: number,
  ): Promise<boolean> {
    const [port, record] = [this.#port, this.#record]
    const asked = region.ask<Reply>(entityId, (replyTo) => ({ ...letter, replyTo }), { timeoutMs })
    const overdue = whenOverdue(port.clock, timeoutMs + slackMs, () => {
      const text = `${letter.uid} of ${port.name} to ${entityId} still waits after ${timeoutMs} ms`
      if (port.isAlive()) record.judge({ checker: 'questions end in time', text }, port.host)
    })
    try {
      const reply = await asked
      if (!port.isAlive()) return false
      if (reply.type === 'refused') {
        record.answers.refused(letter.uid)
        return false
      }
      record.answers.answered(letter.uid, reply.total, port.now())
      return true
    } catch {
      return false // Nobody knows what became of it; the journal does.
    } finally {
      overdue[Symbol.dispose]()
    }
  }
}
