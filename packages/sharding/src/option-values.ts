// The checks that options share, with the errors of this package: `CASTY_SHARDING_INVALID_OPTION`.
import { optionChecks, type OptionChecks } from '@casty/options'
import { ShardingError } from './errors.ts'

const checks = optionChecks({
  invalid: (option, value, allowed) => ShardingError.invalidOption(option, value, allowed),
  unknown: (of, name, nearest) => ShardingError.unknownOption(`${of}.${name}`, nearest),
})

export const text: OptionChecks['text'] = checks.text
export const flag: OptionChecks['flag'] = checks.flag
export const whole: OptionChecks['whole'] = checks.whole
export const duration: OptionChecks['duration'] = checks.duration
export const durationOrForever: OptionChecks['durationOrForever'] = checks.durationOrForever
export const share: OptionChecks['share'] = checks.share
export const capable: OptionChecks['capable'] = checks.capable
export const knownNames: OptionChecks['knownNames'] = checks.knownNames
