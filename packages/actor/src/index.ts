export type { ActorContext, SpawnOptions } from './actor-context.ts'
export type { ActorRef } from './actor-ref.ts'
export type { ActorSystemOptions } from './actor-system-options.ts'
export { ActorSystem } from './actor-system.ts'
export type { AskOptions } from './ask.ts'
export type {
  Behavior,
  Interceptor,
  LifecycleHooks,
  MessageHandler,
  Next,
  Observation,
  SignalBehavior,
  SignalHandler,
} from './behavior.ts'
export { Behaviors } from './behaviors.ts'
export type { Delivery } from './delivery.ts'
export type { DeadLetter, DeadLetterCounts, DeadLetterReason } from './dead-letter.ts'
export { AnswerRef, DistantRef, type AnswerHolder } from './distant-ref.ts'
export { ActorError, type ActorErrorCode } from './errors.ts'
export { EventStream, type EventStreamOptions, type Subscriber } from './event-stream.ts'
export type { Gate } from './gate.ts'
export type { Explanation } from './explain.ts'
export type { Instrument, InstrumentedMessage } from './instrument.ts'
export type { Logger } from './logger.ts'
export { mailboxDefaults, type MailboxSettings, type OverflowPolicy } from './mailbox.ts'
export { checkMailbox } from './spawn.ts'
export type { Ending, Signal } from './signal.ts'
export type { RepeatOptions, ScheduleOptions, Scheduler } from './scheduler.ts'
export type { ShutdownPhase, ShutdownTask, ShutdownTaskOptions } from './shutdown.ts'
export type { StreamDemand, StreamMessage, StreamRequest } from './stream-messages.ts'
export { streamInput, type StreamInput, type StreamInputOptions } from './stream-input.ts'
export { readStream, type StreamLoopOptions } from './stream-reader.ts'
export { streamSink, type StreamReadOptions } from './stream-sink.ts'
export { streamSource, type StreamSourceOptions } from './stream-source.ts'
export type { Stash } from './stash.ts'
export {
  allForOne,
  judgeFailure,
  oneForOne,
  type Backoff,
  type Directive,
  type RestartHistory,
  type SupervisionOptions,
  type SupervisionStrategy,
  type Verdict,
} from './supervision.ts'
export type { SystemEvent } from './system-event.ts'
export type { Timers } from './timers.ts'
