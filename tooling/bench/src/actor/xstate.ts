import {
  assign,
  createActor,
  fromCallback,
  fromTransition,
  setup,
  waitFor,
  type ActorRefFrom,
} from 'xstate'
import { answerTimeoutMs, type Message, type Subject } from './subject.ts'

/** Of what answered last. XState has no questions: state that answers, and waiting for it, come closest. */
interface Answered {
  readonly question: number
  readonly answer: number
}

const unanswered: Answered = { question: -1, answer: -1 }
const timeout = answerTimeoutMs

function answerTo({ value }: Message): Answered {
  return { question: value, answer: value + 1 }
}

const { createMachine } = setup({ types: { context: {} as Answered, events: {} as Message } })
type Machine = ReturnType<typeof machineOf>

function machineOf(onMessage: (message: Message) => void) {
  return createMachine({
    context: unanswered,
    on: { message: { actions: ({ event }) => onMessage(event) } },
  })
}

const answeringMachine = createMachine({
  context: unanswered,
  on: { message: { actions: assign(({ event }) => answerTo(event)) } },
})

/** State machines, for which XState is made. */
export const xstate: Subject<Machine, ActorRefFrom<Machine>> = {
  define: machineOf,
  spawn: (machine) => createActor(machine).start(),
  tell(ref, message) {
    ref.send(message)
  },
  spawnAnswering: () => createActor(answeringMachine).start(),
  async ask(ref, value) {
    ref.send({ type: 'message', value })
    const answered = await waitFor(ref, ({ context }) => context.question === value, { timeout })
    return answered.context.answer
  },
  async stop(refs) {
    for (const ref of refs) ref.stop()
  },
}

type Callback = ReturnType<typeof fromCallback<Message>>
const answering = fromTransition(
  (_state: Answered, message: Message) => answerTo(message),
  unanswered,
)
type Answering = ActorRefFrom<typeof answering>

/** Of all that XState calls an actor, those that do least for a message. */
export const xstateCallback: Subject<Callback, ActorRefFrom<Callback> | Answering> = {
  define: (onMessage) => fromCallback<Message>(({ receive }) => receive(onMessage)),
  spawn: (callback) => createActor(callback).start(),
  tell(ref, message) {
    ref.send(message)
  },
  // A callback has no state to wait for: a transition has, and does least of those.
  spawnAnswering: () => createActor(answering).start(),
  async ask(ref, value) {
    const asked = ref as Answering // Nothing else is asked.
    asked.send({ type: 'message', value })
    const answered = await waitFor(asked, ({ context }) => context.question === value, { timeout })
    return answered.context.answer
  },
  async stop(refs) {
    for (const ref of refs) ref.stop()
  },
}
