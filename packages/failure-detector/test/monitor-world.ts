import { ManualClock, seededRandom, type Random } from '@casty/clock'
import { HeartbeatMonitor, type HeartbeatMonitorOptions, type MonitorEffect } from '../src/index.ts'

/** What a helper says of a subject; `undefined` when it says nothing. */
export type HelperAnswer = boolean | undefined

export interface LoggedEffect {
  readonly at: number
  readonly effect: MonitorEffect
}

/** One monitor with the smallest possible shell, among peers that do as they are told. */
export class MonitorWorld {
  readonly clock = new ManualClock()
  readonly monitor: HeartbeatMonitor<string>
  readonly log: LoggedEffect[] = []
  /** Peers that answer heartbeats. */
  readonly alive = new Set<string>()
  readonly lastHeardAt = new Map<string, number>()
  readonly lastAnswerAt = new Map<string, number>()
  helperAnswer: (via: string, subject: string) => HelperAnswer = () => undefined
  roundTripMs: () => number = () => 5
  steps = 0
  readonly #random: Random = seededRandom(7)
  #timer: Disposable | undefined
  #standingStill = false
  readonly #waiting: (() => void)[] = []

  constructor(options: HeartbeatMonitorOptions = {}) {
    this.monitor = new HeartbeatMonitor<string>(options)
  }

  setPeers(monitored: readonly string[], helpers: readonly string[] = []): void {
    for (const peer of this.lastHeardAt.keys()) {
      if (!monitored.includes(peer)) this.lastHeardAt.delete(peer)
    }
    this.monitor.setPeers(monitored, helpers, this.clock.now())
    this.#arm()
  }

  /** Lets time pass, and everything happen that falls due. */
  advance(ms: number): void {
    this.clock.advance(ms)
  }

  /** Time passes and this process does nothing; what came meanwhile is read before or after. */
  stall(ms: number, { readFirst = true, tell = true } = {}): void {
    this.#standingStill = true
    this.clock.advance(ms)
    this.#standingStill = false
    const read = (): void => {
      for (const task of this.#waiting.splice(0)) task()
    }
    if (readFirst) read()
    if (tell) this.monitor.stalled(ms, this.clock.now())
    if (!readFirst) read()
    this.#arm()
  }

  frame(peer: string): void {
    this.lastHeardAt.set(peer, this.clock.now())
    this.monitor.heard(peer, this.clock.now())
    this.#arm()
  }

  refuse(peer: string): void {
    this.monitor.connectionRefused(peer, this.clock.now())
    this.#arm()
  }

  of<T extends MonitorEffect['type']>(
    type: T,
  ): readonly (Extract<MonitorEffect, { type: T }> & { readonly at: number })[] {
    return this.log.flatMap(({ at, effect }) =>
      // The type of the effect was compared just now, which the compiler cannot follow through T.
      effect.type === type ? [{ ...(effect as Extract<MonitorEffect, { type: T }>), at }] : [],
    )
  }

  /** What was reported of peers, as text: `suspect b silence`. */
  reports(): readonly string[] {
    return this.log.flatMap(({ effect }) => {
      switch (effect.type) {
        case 'suspect':
          return [`suspect ${effect.peer} ${effect.evidence}`]
        case 'link-fault':
          return [`link-fault ${effect.peer} via ${effect.reachedVia}`]
        case 'trust':
        case 'link-restored':
          return [`${effect.type} ${effect.peer}`]
        case 'send-heartbeat':
        case 'ask-probe':
          return []
      }
    })
  }

  #arm(): void {
    this.#timer?.[Symbol.dispose]()
    const deadline = this.monitor.nextDeadline()
    if (deadline === undefined) return
    this.#timer = this.clock.schedule(deadline - this.clock.now(), () => {
      // After a stall the shell first tells of it, and then arms anew.
      if (!this.#standingStill) this.step()
    })
  }

  step(): void {
    this.steps += 1
    const at = this.clock.now()
    for (const effect of this.monitor.step(at, this.#random())) {
      this.log.push({ at, effect })
      this.#perform(effect)
    }
    this.#arm()
  }

  #perform(effect: MonitorEffect): void {
    if (effect.type === 'send-heartbeat') this.#later(() => this.#answer(effect.to))
    if (effect.type === 'ask-probe') {
      const { via, subject, sequence } = effect
      const reached = this.helperAnswer(via, subject)
      if (reached === undefined) return
      this.#later(() => {
        this.monitor.probeAnswered(subject, via, reached, this.clock.now(), sequence)
        this.#arm()
      })
    }
  }

  #answer(peer: string): void {
    if (!this.alive.has(peer)) return
    this.lastHeardAt.set(peer, this.clock.now())
    this.lastAnswerAt.set(peer, this.clock.now())
    this.monitor.answered(peer, this.clock.now())
    this.#arm()
  }

  #later(task: () => void): void {
    this.clock.schedule(this.roundTripMs(), () => {
      if (this.#standingStill) this.#waiting.push(task)
      else task()
    })
  }
}
