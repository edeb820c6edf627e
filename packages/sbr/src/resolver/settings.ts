import { defined } from '@casty/options'
import { SbrError } from '../errors.ts'
import { durationMs, knownNames } from '../option-values.ts'
import { ruleDefaults } from '../ruling.ts'
import { keepMajority } from '../strategies/keep-majority.ts'
import type { DowningStrategy } from '../strategy.ts'
import type { ResolverRuling } from './action.ts'

const of = 'splitBrainResolver()'

/** Options of {@link splitBrainResolver}. All but `onRuling` and `downRemovalMarginMs` must agree on all nodes. */
export interface ResolverOptions {
  /** Says which side survives. @defaultValue keepMajority() */
  readonly strategy?: DowningStrategy
  /**
   * How long the picture must be quiet before it is decided on, in milliseconds. It has to outlast what
   * lies between the first and the last node of a side that sees the same; lower, and both sides may
   * decide on half a picture; each raise delays every failover by as much. 5 s do for up to ten nodes;
   * beyond, take 5 s + 2 s · log₁₀(nodes).
   * @defaultValue 5_000
   */
  readonly stableAfterMs?: number
  /**
   * For how much longer than `stableAfterMs` members may come in and out of reach, in milliseconds,
   * before all nodes go down because nothing can be decided. `'on'` is ¾ of `stableAfterMs` and at least
   * 4,000. Raise it, and the losing side may still work when the other has taken over; `'off'`, and
   * it may for ever.
   * @defaultValue 'on'
   */
  readonly downAllWhenUnstable?: 'on' | 'off' | number
  /** See {@link RuleOptions}. @defaultValue 0.5 */
  readonly downAllWhenIndirectlyConnected?: number | 'off'
  /** See {@link downRemovalMarginMs}. @defaultValue derived from the others */
  readonly downRemovalMarginMs?: number
  /** Told of each ruling that downs somebody or asks for a lease. What it throws is logged. */
  readonly onRuling?: (ruling: ResolverRuling) => void
}

/** What the resolver works with. */
export interface ResolverSettings {
  readonly strategy: DowningStrategy
  readonly stableAfterMs: number
  /** Undefined: a picture that never settles is waited for. */
  readonly unstableAfterMs: number | undefined
  readonly downAllWhenIndirectlyConnected: number | 'off'
}

/** What a resolver gets where an option is left out; the strategy is `keepMajority()`. Frozen. */
export const resolverDefaults: Readonly<
  Required<Pick<ResolverOptions, 'stableAfterMs' | 'downAllWhenUnstable'>>
> = Object.freeze({ stableAfterMs: 5_000, downAllWhenUnstable: 'on' })

const optionNames: Readonly<Record<keyof ResolverOptions, true>> = {
  strategy: true,
  stableAfterMs: true,
  downAllWhenUnstable: true,
  downAllWhenIndirectlyConnected: true,
  downRemovalMarginMs: true,
  onRuling: true,
}

/** @throws SbrError `CASTY_SBR_INVALID_OPTION` */
export function checkResolverOptions(options: ResolverOptions): ResolverSettings {
  if (isStrategy(options))
    throw SbrError.bareStrategy(
      `What ${of} was given`,
      options.name,
      'splitBrainResolver({ strategy })',
    )
  knownNames(of, options, Object.keys(optionNames))
  const { strategy = keepMajority(), onRuling } = options
  const { stableAfterMs = resolverDefaults.stableAfterMs } = options
  if (!isStrategy(strategy)) {
    throw SbrError.invalidOption(
      of,
      'strategy',
      strategy,
      'a DowningStrategy, such as keepMajority()',
    )
  }
  if (onRuling !== undefined && typeof onRuling !== 'function')
    throw SbrError.invalidOption(of, 'onRuling', onRuling, 'a function')
  if (options.downRemovalMarginMs !== undefined)
    durationMs(of, 'downRemovalMarginMs', options.downRemovalMarginMs)
  checkText('strategy.name', strategy.name)
  checkText('strategy.agreement', strategy.agreement)
  return {
    strategy,
    stableAfterMs: durationMs(of, 'stableAfterMs', stableAfterMs),
    unstableAfterMs: unstableAfterMs(options),
    downAllWhenIndirectlyConnected: checkShare(options.downAllWhenIndirectlyConnected),
  }
}

/** It stands in refusals and rulings, each on a line. */
function checkText(option: string, value: string): void {
  if (value.trim() !== '' && !/[\r\n]/.test(value)) return
  throw SbrError.invalidOption(of, option, value, 'a text on one line that is not blank')
}

function checkShare(
  share: number | 'off' = ruleDefaults.downAllWhenIndirectlyConnected,
): number | 'off' {
  if (share === 'off' || (Number.isFinite(share) && share > 0 && share <= 1)) return share
  const allowed = "'off', or a share of the members above 0 and up to 1"
  throw SbrError.invalidOption(of, 'downAllWhenIndirectlyConnected', share, allowed)
}

/**
 * For how much longer than `stableAfterMs` the picture may change before all nodes go down, in
 * milliseconds; undefined where it may for ever.
 *
 * @throws SbrError `CASTY_SBR_INVALID_OPTION`
 */
export function unstableAfterMs(
  options: Pick<ResolverOptions, 'stableAfterMs' | 'downAllWhenUnstable'> = {},
): number | undefined {
  const { stableAfterMs, downAllWhenUnstable } = { ...resolverDefaults, ...defined(options) }
  if (downAllWhenUnstable === 'off') return undefined
  if (downAllWhenUnstable === 'on') return Math.max(4_000, 0.75 * stableAfterMs)
  if (Number.isFinite(downAllWhenUnstable) && downAllWhenUnstable > 0) return downAllWhenUnstable
  const allowed = "'on', 'off', or a number of milliseconds above 0"
  throw SbrError.invalidOption(of, 'downAllWhenUnstable', downAllWhenUnstable, allowed)
}

/**
 * How much later the losing side may begin its window: where a link is cut in one direction it hears the
 * other for as long as that takes to give up, and only then finds it silent itself.
 */
const skewMs = 5_000

/**
 * How long those who take over from a removed member wait first, in milliseconds, so that the losing
 * side, which decides by itself, has stopped: singletons, and shards whose owner holds no lease.
 *
 * That is `stableAfterMs`, and never less than `downAllWhenUnstable` and the time by which one side may
 * see the cut later than the other: 9,000 with the defaults. A side that waits for a lease is given that
 * patience twice. A process that stands still for longer than all of this goes on when it wakes: where it
 * is reached by somebody who removed it, for a moment; else until it has heard of nobody for
 * `stableAfterMs` and a second. Only fencing helps against that.
 *
 * @throws SbrError `CASTY_SBR_INVALID_OPTION`
 */
export function downRemovalMarginMs(options: ResolverOptions = {}): number {
  const { strategy, stableAfterMs, unstableAfterMs: unstable = 0 } = checkResolverOptions(options)
  const patienceMs = strategy.lease ? 2 * unstable : unstable
  return options.downRemovalMarginMs ?? Math.max(stableAfterMs, patienceMs + skewMs)
}

/** Nodes that differ in this text do not join each other. 1 to 80 bytes. */
export function resolverAgreement(settings: ResolverSettings): string {
  const { strategy, stableAfterMs, unstableAfterMs: unstable = 'off' } = settings
  const share = settings.downAllWhenIndirectlyConnected
  const indirect = share === ruleDefaults.downAllWhenIndirectlyConnected ? '' : ` indirect=${share}`
  return bounded(`${strategy.agreement} stable=${stableAfterMs} unstable=${unstable}${indirect}`)
}

const maxAgreementBytes = 80

/** A text that is too long keeps its beginning, for people, and ends in a digest of the whole. */
function bounded(text: string): string {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length <= maxAgreementBytes) return text
  let digest = 0xcbf29ce484222325n // FNV-1a, 64 bits.
  for (const byte of bytes) digest = BigInt.asUintN(64, (digest ^ BigInt(byte)) * 0x100000001b3n)
  const end = `…#${digest.toString(16).padStart(16, '0')}`
  const room = maxAgreementBytes - new TextEncoder().encode(end).length
  // Cut within a character, the decoder puts a mark of three bytes in its place.
  const start = new TextDecoder().decode(bytes.subarray(0, room - 3))
  return start.replace(/\uFFFD$/, '') + end
}

/** The name of the lease of a cluster, where none is given or a blank one: `<cluster>-casty-sbr`. */
export function leaseName(clusterName: string, name = ''): string {
  return name.trim() === '' ? `${clusterName}-casty-sbr` : name
}

/** Whether it looks like a strategy. A user without types may give anything. */
export function isStrategy(value: unknown): value is DowningStrategy {
  if (typeof value !== 'object' || value === null) return false
  const { name, agreement, decide } = value as Readonly<Record<string, unknown>> // Any object reads so.
  return typeof name === 'string' && typeof agreement === 'string' && typeof decide === 'function'
}
