// The checks that options share, with the errors of this package: `CASTY_MEMBERSHIP_INVALID_OPTION`.
import { optionChecks, type OptionChecks } from '@casty/options'
import { MembershipError } from './errors.ts'

const checks = optionChecks({
  invalid: (option, value, allowed) => MembershipError.invalidOption(option, value, allowed),
  unknown: (of, name, nearest) =>
    MembershipError.unknownOption(of === 'config' ? name : `${of}.${name}`, nearest),
})

export const text: OptionChecks['text'] = checks.text
export const whole: OptionChecks['whole'] = checks.whole
export const duration: OptionChecks['duration'] = checks.duration
export const durationOrForever: OptionChecks['durationOrForever'] = checks.durationOrForever
export const share: OptionChecks['share'] = checks.share
export const flag: OptionChecks['flag'] = checks.flag
export const oneOf: OptionChecks['oneOf'] = checks.oneOf
export const capable: OptionChecks['capable'] = checks.capable
export const record: OptionChecks['record'] = checks.record
export const knownNames: OptionChecks['knownNames'] = checks.knownNames
