// The checks that options share, with the errors of this package: `CASTY_CLUSTER_INVALID_OPTION`.
import { optionChecks, type OptionChecks } from '@casty/options'
import { ClusterSystemError } from './errors.ts'

const checks = optionChecks({
  invalid: (option, value, allowed) => ClusterSystemError.invalidOption(option, value, allowed),
  unknown: (of, name, nearest) => ClusterSystemError.unknownOption(`${name} of ${of}`, nearest),
})

export const text: OptionChecks['text'] = checks.text
export const flag: OptionChecks['flag'] = checks.flag
export const whole: OptionChecks['whole'] = checks.whole
export const duration: OptionChecks['duration'] = checks.duration
/** An object of options. */
export const record: OptionChecks['record'] = checks.record
export const knownNames: OptionChecks['knownNames'] = checks.knownNames
export const capable: OptionChecks['capable'] = checks.capable

/**
 * Something that an actor can be started with, as far as users without types may take a function or an actor for it.
 *
 * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION`
 */
export function checkBehavior(option: string, behavior: unknown): void {
  if (typeof behavior === 'object' && behavior !== null && 'type' in behavior) return
  const allowed = 'a behavior, as Behaviors.receive() makes one'
  throw ClusterSystemError.invalidOption(option, behavior, allowed)
}
