import type { ActorSystem } from '@casty/actor'

/** Runs a user's code: what it throws is logged, and disturbs nobody. */
export function guarded(system: ActorSystem, what: string, act: () => void): void {
  try {
    act()
  } catch (error) {
    system.logger?.error({ error }, what)
  }
}
