import type { Clock, Random } from '@casty/clock'
import type { Timed } from './alarm.ts'
import type { StopReason } from './events.ts'
import type { MembershipEffect, MembershipInput, MembershipState } from './membership-state.ts'
import { nextDeadline, step } from './step.ts'

/** What is done about the steps of the protocol. */
export interface ProtocolShell {
  /** Never throws: what fails is reported. */
  perform(effect: MembershipEffect): void
  /** All effects of a step were performed. */
  stepped(): void
}

/** Runs the protocol core: gives every event its time and its draw, and takes them one by one. */
export class Protocol implements Timed {
  readonly #clock: Clock
  readonly #random: Random
  readonly #shell: ProtocolShell
  readonly #queue: MembershipInput[] = []
  #state: MembershipState
  #steps = 0
  #halted = false

  constructor(state: MembershipState, clock: Clock, random: Random, shell: ProtocolShell) {
    this.#state = state
    this.#clock = clock
    this.#random = random
    this.#shell = shell
  }

  get state(): MembershipState {
    return this.#state
  }

  /** How many events were taken: names the state that a subscriber was told at first. */
  get steps(): number {
    return this.#steps
  }

  get nextDeadline(): number {
    return nextDeadline(this.#state)
  }

  wake(): void {
    if (this.#clock.now() >= this.nextDeadline) this.dispatch({ type: 'deadline-reached' })
  }

  /** Something happened that no step brought: also those who subscribed since the last are told. */
  countEvent(): void {
    this.#steps++
  }

  /** Runs each event to completion: one raised meanwhile waits its turn, so all see one order. */
  dispatch(input: MembershipInput): void {
    if (this.#queue.push(input) > 1) return
    try {
      for (const next of this.#queue) this.#take(next)
    } finally {
      this.#queue.length = 0
    }
  }

  #take(input: MembershipInput): void {
    const now = this.#clock.now()
    const wallNow = this.#clock.wallNow()
    const [state, effects] = step(this.#state, { ...input, now, wallNow, draw: this.#random() })
    this.#state = state
    this.#steps++
    for (const effect of effects) {
      if (this.#halted) return // A listener shut the node down: nothing comes after that.
      this.#shell.perform(effect)
    }
    this.#shell.stepped()
  }

  /** Stops whatever the phase was: what is left of the present step is not performed. */
  halt(reason: StopReason): void {
    this.#state = { ...this.#state, phase: { type: 'stopped', reason } }
    this.#halted = true
  }
}
