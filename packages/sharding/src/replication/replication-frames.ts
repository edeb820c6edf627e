// What owners of shards and their replicas say to each other, as frames of the endpoint: those of one turn together.
import type { Clock } from '@casty/clock'
import type { ClusterEndpoint } from '@casty/membership'
import type { NodeIdentity } from '@casty/transport'
import { readBelieved } from '../believed.ts'
import { KnownIds } from '../region/known-ids.ts'
import { FramesOfTurn, partsOfFrame } from './frames-of-turn.ts'
import type { ReplicaAnswer, ReplicaRequest } from './messages.ts'
import {
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
  replicationFrameTypes,
  type ReplicationHeader,
  type RequestHeader,
} from './replication-codec.ts'
import type { ReplicationTally } from './replication-tally.ts'

export interface ReplicationFramesPort {
  readonly endpoint: ClusterEndpoint
  readonly clock: Pick<Clock, 'wallNow'>
  /** Clients have no part in this. */
  isGuest(node: NodeIdentity): boolean
}

export interface ReplicationFramesHandlers {
  atEndOfTurn(callback: () => void): void
  asked(from: NodeIdentity, header: RequestHeader, request: ReplicaRequest): void
  told(from: NodeIdentity, header: ReplicationHeader, answer: ReplicaAnswer): void
  /** All answers of a frame have been told of. */
  toldAll(): void
}

/** Mutable. Of a frame that cannot be read nothing is carried out, and nothing leaves once it is closed. */
export class ReplicationFrames implements Disposable {
  readonly #requests: FramesOfTurn
  readonly #answers: FramesOfTurn
  readonly #subscriptions: readonly Disposable[]
  #isClosed = false

  constructor(port: ReplicationFramesPort, handlers: ReplicationFramesHandlers) {
    const { request, answer } = replicationFrameTypes
    const { endpoint, clock } = port
    const framesOf = (frameType: number): FramesOfTurn =>
      new FramesOfTurn({
        send: (to, frame) => {
          if (!this.#isClosed) endpoint.send(to, 'data', frameType, frame)
        },
        atEndOfTurn: (callback) => handlers.atEndOfTurn(callback),
      })
    this.#requests = framesOf(request)
    this.#answers = framesOf(answer)
    const readCount = readBelieved(() => clock.wallNow())
    const texts = new KnownIds()
    this.#subscriptions = [
      endpoint.handle(
        request,
        (from, bytes, start, end) => {
          if (port.isGuest(from)) return
          // All are read before one is carried out: one that cannot be read has no part in anything.
          const requests = Array.from(partsOfFrame(bytes, start, end), (part) =>
            decodeRequest(part, readCount, texts),
          )
          for (const asked of requests) handlers.asked(from, asked.header, asked.request)
        },
        { from: 'members' },
      ),
      endpoint.handle(
        answer,
        (from, bytes, start, end) => {
          if (port.isGuest(from)) return
          const answers = Array.from(partsOfFrame(bytes, start, end), (part) =>
            decodeAnswer(part, readCount, texts),
          )
          for (const told of answers) handlers.told(from, told.header, told.answer)
          handlers.toldAll()
        },
        { from: 'members' },
      ),
    ]
  }

  /** The same to each of them. @param tally - where operations are counted that leave */
  ask(
    to: readonly NodeIdentity[],
    header: RequestHeader,
    request: ReplicaRequest,
    tally: ReplicationTally,
  ): void {
    if (this.#isClosed) return
    const bytes = encodeRequest(header, request)
    for (const node of to) {
      const isFirst = this.#requests.add(node, bytes)
      if (request.type !== 'replicate-events') continue
      if (isFirst) tally.add('framesBegun')
      tally.add('operationsSent', request.entries.length)
    }
  }

  answer(to: NodeIdentity, header: ReplicationHeader, answer: ReplicaAnswer): void {
    if (!this.#isClosed) this.#answers.add(to, encodeAnswer(header, answer))
  }

  /** Keeps no room for nodes that may be gone. */
  forgetIdle(): void {
    this.#requests.forgetIdle()
    this.#answers.forgetIdle()
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
  }
}
