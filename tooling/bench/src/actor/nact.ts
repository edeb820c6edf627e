import { setImmediate } from 'node:timers/promises'
import { dispatch, query, spawn, start, stop, type ActorSystemRef, type Ref } from 'nact'
import { answerTimeoutMs, type Message, type Subject } from './subject.ts'

interface Question extends Message {
  readonly replyTo: Ref<number>
}

type OnMessage = (message: Message) => void

const system: ActorSystemRef = start()
/** For names: its own are drawn at random, and meet among many. */
let spawned = 0

// `spawn`, not `spawnStateless`, which is the same and one call more.
export const nact: Subject<(state: undefined, message: Message) => undefined, Ref<Message>> = {
  define: (onMessage: OnMessage) => (_state, message) => {
    onMessage(message)
  },
  spawn: (behavior) => spawn(system, behavior, `actor-${++spawned}`),
  tell(ref, message) {
    dispatch(ref, message)
  },
  spawnAnswering: () =>
    spawn(system, (_state: undefined, message: Message): undefined => {
      const { replyTo, value } = message as Question // Only asked, and `ask` sends questions.
      dispatch(replyTo, value + 1)
    }),
  ask: (ref, value) =>
    query(
      ref,
      (replyTo: Ref<number>): Question => ({ type: 'message', value, replyTo }),
      answerTimeoutMs,
    ),
  async stop(refs) {
    for (const ref of refs) stop(ref)
    await setImmediate() // When it calls what is to be called after a stop.
  },
}
