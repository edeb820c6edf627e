export { defined, type Defined } from './defined.ts'
export { describeValue } from './describe-value.ts'
export { nearestNames } from './nearest-names.ts'
export { isCapable, optionChecks, type OptionChecks, type OptionErrors } from './option-checks.ts'
