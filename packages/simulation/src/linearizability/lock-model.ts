import { answers, describeCall, illegal, type RecordedModel } from './model.ts'
import { isInteger, isString, isVariantOf } from './shape.ts'

/** What is asked of a lock. */
export type LockInput =
  /** Waits until the lock is free. Answers the fencing token of the grant. */
  | { readonly type: 'acquire'; readonly owner: string }
  /** Answers the fencing token, or `null` if somebody holds the lock. */
  | { readonly type: 'try-acquire'; readonly owner: string }
  /** Answers whether the grant with this token was in force, and so was ended. */
  | { readonly type: 'release'; readonly token: number }
  /**
   * The owner's lease may run out from now on: record it when that becomes possible, and leave its
   * outcome unknown. `token` is `null` for a grant whose answer never came. Answers like `release`.
   */
  | { readonly type: 'expire'; readonly owner: string; readonly token: number | null }

/** A fencing token, `null` for none, or whether a grant was ended. */
export type LockOutput = number | boolean | null

/** Who holds the lock, and the highest token that is certain to have been given away. */
export interface LockState {
  /** `token` is `null` if the grant's answer is unknown; it is then `lastToken` or higher. */
  readonly holder: { readonly owner: string; readonly token: number | null } | undefined
  readonly lastToken: number
}

/**
 * A lock whose grants carry fencing tokens: whole numbers, each above all before it. Not re-entrant.
 *
 * @param lastToken - all grants have tokens above this one
 */
export function lockModel(lastToken = 0): RecordedModel<LockState, LockInput, LockOutput> {
  return {
    name: 'lock',
    initial: { holder: undefined, lastToken },
    step,
    stateKey: ({ holder, lastToken }) =>
      JSON.stringify([holder?.owner ?? null, holder?.token ?? null, lastToken]),
    describe: (input, output) => {
      switch (input.type) {
        case 'acquire':
        case 'try-acquire':
          return describeCall(input, output, input.owner)
        case 'release':
          return describeCall(input, output, input.token)
        case 'expire':
          return describeCall(input, output, input.owner, input.token)
      }
    },
    isInput: isVariantOf<LockInput>({
      acquire: { owner: isString },
      'try-acquire': { owner: isString },
      release: { token: isInteger },
      expire: { owner: isString, token: (value) => value === null || isInteger(value) },
    }),
    isOutput: (value): value is LockOutput =>
      value === null || typeof value === 'boolean' || isInteger(value),
  }
}

function step(
  state: LockState,
  input: LockInput,
  output: LockOutput | undefined,
): LockState | typeof illegal {
  switch (input.type) {
    case 'acquire':
      return state.holder === undefined ? grant(state, input.owner, output) : illegal
    case 'try-acquire':
      if (state.holder === undefined) return grant(state, input.owner, output)
      return answers(output, null) ? state : illegal
    case 'release':
    case 'expire':
      return end(state, input, output)
  }
}

function end(
  state: LockState,
  input: Extract<LockInput, { readonly token: unknown }>,
  output: LockOutput | undefined,
): LockState | typeof illegal {
  const meant = isMeant(state, input)
  if (output === false || (meant === 'no' && output === undefined)) {
    return meant === 'yes' ? illegal : state
  }
  if (meant === 'no' || !answers(output, true)) return illegal
  return { holder: undefined, lastToken: Math.max(state.lastToken, input.token ?? 0) }
}

/** Whether this names the grant in force; `perhaps` where nobody was told its token. */
function isMeant(
  { holder, lastToken }: LockState,
  input: Extract<LockInput, { readonly token: unknown }>,
): 'yes' | 'no' | 'perhaps' {
  if (holder === undefined) return 'no'
  if (input.type === 'expire' && input.owner !== holder.owner) return 'no'
  if (holder.token !== null) return holder.token === input.token ? 'yes' : 'no'
  return input.token === null || input.token >= lastToken ? 'perhaps' : 'no'
}

function grant(
  { lastToken }: LockState,
  owner: string,
  output: LockOutput | undefined,
): LockState | typeof illegal {
  // A grant nobody heard of still took a token, at least the next one.
  if (output === undefined) return { holder: { owner, token: null }, lastToken: lastToken + 1 }
  if (typeof output !== 'number' || output <= lastToken) return illegal
  return { holder: { owner, token: output }, lastToken: output }
}
