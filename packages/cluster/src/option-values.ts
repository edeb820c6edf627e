// The checks that options share, with the errors of this package: `CASTY_CLUSTER_INVALID_OPTION`.
import { optionChecks, type OptionChecks } from '@casty/options'
import { ClusterSystemError } from './errors.ts'

const checks = optionChecks({
  invalid: (option, value, allowed) => ClusterSystemError.invalidOption(option, value, allowed),
  unknown: (of, name, nearest) => ClusterSystemError.unknownOption(`${name} of ${of}`, nearest),
})

export const whole: OptionChecks['whole'] = checks.whole
export const duration: OptionChecks['duration'] = checks.duration
/** An object of options. */
export const record: OptionChecks['record'] = checks.record
export const knownNames: OptionChecks['knownNames'] = checks.knownNames
export const capable: OptionChecks['capable'] = checks.capable
