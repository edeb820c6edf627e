import type { NodeEvent } from './protocol.ts'

/** What a line is: done by the demo, good, bad, in between, or of little interest. */
export type Tone = 'action' | 'good' | 'bad' | 'changing' | 'quiet'

/** Equal for what different nodes report of the same event; undefined for what is not told. */
export function eventKey(reporter: string, event: NodeEvent): string | undefined {
  switch (event.type) {
    case 'convergence-changed': // Each node's own, and shown in the table.
    case 'cluster-shutting-down': // The end of the process says it.
      return undefined
    case 'leader-changed':
      return event.leader === undefined ? undefined : `leads ${event.leader}`
    case 'join-refused':
    case 'ruled':
    case 'self-downed':
      return `${event.type} ${reporter}`
    default:
      return `${event.type} ${event.member.name} ${event.member.incarnation}`
  }
}

/** The event in words, as its reporter would put it. */
export function eventSentence(reporter: string, event: NodeEvent): string {
  switch (event.type) {
    case 'member-joined':
      return `${event.member.name} joins`
    case 'member-weakly-up':
      return `${event.member.name} is weakly up`
    case 'member-up':
      return `${event.member.name} is up`
    case 'member-left':
      return `${event.member.name} is leaving`
    case 'member-exited':
      return `${event.member.name} is exiting`
    case 'member-downed':
      return `${event.member.name} is down${lifeOf(event.member.incarnation)}`
    case 'member-removed':
      return `${event.member.name} is removed${lifeOf(event.member.incarnation)}`
    case 'member-unreachable':
      return `${event.member.name} is unreachable`
    case 'member-reachable':
      return `${event.member.name} is reachable again`
    case 'link-fault':
      return `${reporter} does not reach ${event.member.name}, but ${event.reachedVia} does`
    case 'link-restored':
      return `${reporter} reaches ${event.member.name} again`
    case 'leader-changed':
      return `${event.leader ?? 'nobody'} leads`
    case 'convergence-changed':
      return event.converged ? 'the view has converged' : 'the view has to converge'
    case 'join-refused':
      return `${event.contact} refuses ${reporter}: ${event.detail}`
    case 'ruled':
      return `${reporter} decides by ${event.reason.replace(/\.$/, '')}`
    case 'self-downed':
      return `${reporter} learns that it is no member any more`
    case 'cluster-shutting-down':
      return `${reporter} is no member any more: ${event.reason}`
  }
}

/** Whether nobody but its reporter can know of it. */
export function isOwnEvent({ type }: NodeEvent): boolean {
  return type === 'ruled' || type === 'self-downed'
}

export function eventTone({ type }: NodeEvent): Tone {
  switch (type) {
    case 'member-up':
    case 'member-reachable':
    case 'link-restored':
      return 'good'
    case 'member-unreachable':
    case 'member-downed':
    case 'link-fault':
    case 'join-refused':
    case 'self-downed':
      return 'bad'
    case 'ruled':
      return 'action'
    default:
      return 'changing'
  }
}

/** `0.32 s`, `12.05 s`. */
export function seconds(elapsedMs: number): string {
  return `${(elapsedMs / 1_000).toFixed(2)} s`
}

/** An incarnation by its last digits, which are enough to tell two lives apart. */
export function shortIncarnation(incarnation: number): string {
  return `…${String(incarnation).slice(-6)}`
}

function lifeOf(incarnation: number): string {
  return `, incarnation ${shortIncarnation(incarnation)}`
}
