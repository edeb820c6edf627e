// The strategies under the names of classes, for whoever looks for those.
import type { DowningDecision } from './decision.ts'
import type { Judgement } from './judgement.ts'
import { downAll } from './strategies/down-all.ts'
import { keepMajority, type KeepMajorityOptions } from './strategies/keep-majority.ts'
import { keepOldest, type KeepOldestOptions } from './strategies/keep-oldest.ts'
import { keepReferee, type KeepRefereeOptions } from './strategies/keep-referee.ts'
import { leaseMajority, type LeaseMajorityOptions } from './strategies/lease-majority.ts'
import { noDowning } from './strategies/no-downing.ts'
import { staticQuorum, type StaticQuorumOptions } from './strategies/static-quorum.ts'
import type { DowningStrategy, StrategyLease } from './strategy.ts'
import type { SbrView } from './view.ts'

type StrategyClass<Options extends readonly unknown[]> = new (
  ...options: Options
) => DowningStrategy

function classOf<Options extends readonly unknown[]>(
  create: (...options: Options) => DowningStrategy,
): StrategyClass<Options> {
  return class implements DowningStrategy {
    readonly name: string
    readonly agreement: string
    readonly lease?: StrategyLease
    readonly #strategy: DowningStrategy

    constructor(...options: Options) {
      this.#strategy = create(...options)
      this.name = this.#strategy.name
      this.agreement = this.#strategy.agreement
      if (this.#strategy.lease) this.lease = this.#strategy.lease
    }

    decide(view: SbrView): DowningDecision {
      return this.#strategy.decide(view)
    }

    judge(view: SbrView): Judgement | undefined {
      return this.#strategy.judge?.(view)
    }
  }
}

/** {@link keepMajority} as a class. */
export const KeepMajorityStrategy: StrategyClass<[options?: KeepMajorityOptions]> =
  classOf(keepMajority)

/** {@link keepOldest} as a class. */
export const KeepOldestStrategy: StrategyClass<[options?: KeepOldestOptions]> = classOf(keepOldest)

/** {@link keepReferee} as a class. */
export const KeepReferee: StrategyClass<[options: KeepRefereeOptions]> = classOf(keepReferee)

/** {@link staticQuorum} as a class. */
export const StaticQuorumStrategy: StrategyClass<[options: StaticQuorumOptions]> =
  classOf(staticQuorum)

/** {@link downAll} as a class. */
export const DownAllStrategy: StrategyClass<[]> = classOf(() => downAll())

/** {@link leaseMajority} as a class. */
export const LeaseMajorityStrategy: StrategyClass<[options: LeaseMajorityOptions]> =
  classOf(leaseMajority)

/** {@link noDowning} as a class. */
export const NoSbr: StrategyClass<[]> = classOf(() => noDowning())
