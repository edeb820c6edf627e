// Messages as bytes, with what travels along: who asks, and what an instrument has travel with them.
import type { ActorRef, AnswerRef } from '@casty/actor'
import type { NodeIdentity } from '@casty/transport'
import { RemoteError } from './errors.ts'
import type { Peer } from './peer.ts'
import type { Serializer } from './serializer.ts'
import { isMsgpack } from './serializers/msgpack.ts'
import type { WireRefs } from './wire-refs.ts'
import { frontRoomBytes, RoomMaker, type FrontRoomSerializer, type Written } from './written.ts'

export class Payloads {
  readonly serializer: Serializer
  readonly refs: WireRefs
  readonly #leavesRoom: FrontRoomSerializer | undefined
  readonly #roomMaker = new RoomMaker()

  constructor(serializer: Serializer, refs: WireRefs) {
    this.serializer = serializer
    this.refs = refs
    this.#leavesRoom = isMsgpack(serializer) ? serializer : undefined
  }

  /**
   * Good until the next call, with `frontRoomBytes` in front.
   *
   * @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE`, `CASTY_REMOTE_TOO_MANY_EXPORTS`
   */
  write(message: unknown, to: Peer | undefined, question: AnswerRef | undefined): Written {
    const { refs } = this
    // What a message's own code sends while it is written is written in between.
    const { peer: outerPeer, question: outerQuestion } = refs
    refs.peer = to
    refs.question = question
    try {
      if (this.#leavesRoom !== undefined) return this.#leavesRoom.write(message, refs)
      const bytes = this.serializer.serialize(message, refs)
      return this.#roomMaker.copy(bytes, 0, bytes.length, frontRoomBytes)
    } catch (error) {
      if (error instanceof RemoteError) throw error
      const todo = `The serializer ${this.serializer.name} threw what the cause tells.`
      throw RemoteError.notSerializable('message', 'a value', todo, error)
    } finally {
      refs.peer = outerPeer
      refs.question = outerQuestion
    }
  }

  /** The same with more room in front. */
  withRoom({ bytes, start, end }: Written, roomBytes: number): Written {
    return this.#roomMaker.copy(bytes, start, end, Math.max(roomBytes, frontRoomBytes))
  }

  /** @throws RemoteError `CASTY_REMOTE_MALFORMED` */
  read(
    bytes: Uint8Array,
    start: number,
    end: number,
    from: Peer | undefined,
    asker: ActorRef<never> | undefined,
    receiver?: NodeIdentity,
  ): unknown {
    const { refs } = this
    const { peer: outerPeer, asker: outerAsker, receiver: outerReceiver } = refs
    refs.peer = from
    refs.asker = asker
    refs.receiver = receiver
    try {
      return this.serializer.deserialize(bytes, start, end, refs)
    } catch (error) {
      if (error instanceof RemoteError) throw error
      throw RemoteError.malformed(`The serializer ${this.serializer.name} failed`, error)
    } finally {
      refs.peer = outerPeer
      refs.asker = outerAsker
      refs.receiver = outerReceiver
    }
  }
}

/** A message with what an instrument has travel along. */
export function packed(message: unknown, carried: unknown): readonly unknown[] {
  return [carried, message]
}

/** @throws RemoteError `CASTY_REMOTE_MALFORMED` */
export function unpacked(pair: unknown): readonly [carried: unknown, message: unknown] {
  if (Array.isArray(pair) && pair.length === 2) return [pair[0], pair[1]]
  throw RemoteError.malformed('A message comes without what should travel with it')
}
