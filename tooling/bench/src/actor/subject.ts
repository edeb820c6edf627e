/** What all messages look like, whoever carries them: XState wants a `type`. */
export interface Message {
  readonly type: 'message'
  readonly value: number
}

/** One way to have actors, told to do what each of the others is told. */
export interface Subject<Behavior, Ref> {
  /** How an actor behaves: made once, for as many actors as are wanted. */
  define(onMessage: (message: Message) => void): Behavior
  spawn(behavior: Behavior): Ref
  tell(ref: Ref, message: Message): void
  /** One that answers each question with the number that follows. */
  spawnAnswering(): Ref
  /** Waits for `answerTimeoutMs` at most, where the subject can do that. */
  ask(ref: Ref, value: number): Promise<number>
  /** Resolves when they have stopped. */
  stop(refs: readonly Ref[]): Promise<void>
}

/** A mailbox with a bound, as not all have one. */
export interface Bounded<Behavior, Ref> {
  /** An actor for which no more than `capacity` messages may wait. */
  spawnBounded(behavior: Behavior, capacity: number, overflow: Overflow): Ref
  /** How many messages were dropped so far. */
  dropped(): number
}

/** Which message is dropped where there is no room: the one that came last, or the one that has waited longest. */
export type Overflow = 'drop-new' | 'drop-oldest'

/** What users would take in place of our actors. */
export const peerNames = ['nact', 'xstate', 'xstate-callback'] as const
export type SubjectName = 'casty' | 'limit' | (typeof peerNames)[number]

export const answerTimeoutMs = 5_000
